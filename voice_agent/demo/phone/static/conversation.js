// Draws the conversation: what was said and heard, turn by turn, and what the server did in between.

import { statusOf } from "./call.js";
import { $, delay, make, words } from "./dom.js";

const READ_BACK = {
  asked: ["Read back", "waiting for a yes", "wait"],
  agreed: ["Read back", "the caller said yes", "good"],
  dropped: ["Read back", "not agreed to, nothing was changed", "off"],
};
const WRITTEN = {
  applied: ["Saved", "in Salesforce", "good"],
  unknown: ["Sent", "not seen in the records yet", "wait"],
  not_applied: ["Not saved", "", "bad"],
  refused: ["Not saved", "Salesforce refused it", "bad"],
};
const LANGUAGES = { en: "English", es: "Spanish" };

export class Conversation {
  #list = $("turns");
  #drawn = new Map(); // item to its elements
  #live = make("li.turn.live", { hidden: true });
  #call = null;

  start(call) {
    this.#call = call;
    this.#drawn.clear();
    this.#list.replaceChildren(this.#live);
  }

  draw(changed) {
    const all = changed.has("all");
    if (all || changed.has("items")) this.#place();
    for (const [item, parts] of this.#drawn) {
      if (item.kind === "turn" && (all || changed.has(item.number) || changed.has("items"))) this.#turn(item, parts);
    }
    if (all || changed.has("live") || changed.has("items")) this.#drawLive();
    if (this.#follows) this.#list.scrollTop = this.#list.scrollHeight;
  }

  /** True while the newest line is in sight: somebody who reads further up is left there. */
  #follows = true;

  watch() {
    this.#list.addEventListener("scroll", () => {
      this.#follows = this.#list.scrollHeight - this.#list.scrollTop - this.#list.clientHeight < 80;
    }, { passive: true });
  }

  #place() {
    for (const item of this.#call.items) {
      if (!this.#drawn.has(item)) this.#drawn.set(item, this.#made(item));
      this.#list.append(this.#drawn.get(item).root);
    }
    this.#list.append(this.#live);
  }

  #made(item) {
    if (item.kind === "line") return { root: make(`li.between${item.tone ? `.${item.tone}` : ""}`, {}, item.text) };
    if (item.kind === "say") {
      return { root: make("li.turn", {}, make("div.said.carrier", {}, make("p.words", {}, item.text), make("p.meta", {}, "said by Twilio"))) };
    }
    const parts = {
      root: make("li.turn"), keys: make("div.said.caller.keyed"), caller: make("div.said.caller"),
      steps: make("ul.steps"), agent: make("div.said.agent"), after: make("ul.steps"), drawn: new Map(),
    };
    parts.root.append(parts.keys, parts.caller, parts.steps, parts.agent, parts.after);
    return parts;
  }

  #turn(turn, parts) {
    parts.keys.hidden = !turn.keys.length;
    if (turn.keys.length) parts.keys.replaceChildren(keysPressed(turn.keys));
    parts.caller.hidden = !turn.caller;
    if (turn.caller) parts.caller.replaceChildren(make("p.words", {}, turn.caller), gist(turn.gist));
    for (const step of turn.steps) {
      const key = JSON.stringify(step);
      const before = parts.drawn.get(step);
      if (before?.key === key) continue;
      const element = stepOf(step, before?.element.querySelector("details")?.open);
      if (before) before.element.replaceWith(element);
      else (step.kind === "confirm" ? parts.after : parts.steps).append(element);
      parts.drawn.set(step, { key, element });
    }
    for (const list of [parts.steps, parts.after]) list.hidden = !list.children.length;
    parts.agent.hidden = !turn.said.trim();
    if (turn.said.trim()) parts.agent.replaceChildren(make("p.words", {}, ...spoken(turn)), measured(turn));
  }

  #drawLive() {
    const { live, keys } = this.#call;
    this.#live.hidden = !live && !keys.length;
    this.#live.replaceChildren(
      keys.length ? make("div.said.caller.keyed", {}, keysPressed(keys)) : "",
      live ? make("div.said.caller.partial", {}, make("p.words", {}, live), make("p.meta", {}, "listening…")) : "",
    );
  }
}

/** The agent's words in up to three manners: heard, being spoken, and on their way or never heard. */
function spoken(turn) {
  const { said, heard, playing, cut } = turn;
  const from = playing ? Math.max(heard, playing[0]) : heard;
  const to = playing ? playing[1] : heard;
  const rest = said.slice(to);
  return [
    make("span.heard", {}, said.slice(0, from)),
    playing && make("span.playing", {}, said.slice(from, to)),
    rest.trim() && (cut
      ? make("s.unheard", {}, make("span.hidden", {}, " (not heard: "), rest, make("span.hidden", {}, ")"))
      : make("span.queued", {}, rest)),
  ];
}

function keysPressed(keys) {
  const secret = keys.includes("•");
  const label = secret ? `${keys.length} keys, hidden` : `Keys ${keys.join(" ")}`;
  return make("p.words", { "aria-label": label }, ...keys.map((key) => make("kbd", { "aria-hidden": "true" }, key)));
}

function gist({ intent, confidence, urgency, lang }) {
  return make("p.meta", {},
    urgency !== "routine" && make("span.tag.bad", {}, words(urgency)),
    intent && intent !== "none" && make("span.tag", { title: "what the rules read in it" }, `${words(intent)} ${Math.round(confidence * 100)} %`),
    lang !== "en" && make("span.tag", {}, LANGUAGES[lang] ?? lang),
  );
}

function measured(turn) {
  const runs = turn.runs.filter((run) => run.firstToken !== null);
  const failed = turn.runs.flatMap((run) => run.attempts ?? []);
  return make("p.meta", {},
    turn.cut && make("span.tag.wait", {}, "interrupted"),
    failed.length > 0 && make("span.tag.wait", { title: failed.join("\n") }, `${turn.runs.at(-1).model} stepped in`),
    turn.firstWords !== null && make("span", {}, `first words ${delay(turn.firstWords)}`),
    runs.length > 0 && make("span", {}, `${runs.at(-1).model} ${delay(runs[0].firstToken)}`),
    turn.voice !== null && make("span", {}, `heard after ${delay(turn.voice)}`),
  );
}

function stepOf(step, open) {
  switch (step.kind) {
    case "tool":
      return tool(step, open);
    case "confirm":
      return outcome(READ_BACK[step.state]);
    case "write":
      return outcome(WRITTEN[step.state] ?? ["Change", words(step.state), "off"]);
    case "secret":
      return step.accepted
        ? make("li.step.good", {}, make("b", {}, "PIN accepted"), ` identity level ${step.level}`)
        : make("li.step.off", {}, make("b", {}, "PIN not complete or not right"));
    case "language":
      return make("li.step.off", {}, make("b", {}, "Language"), ` now ${LANGUAGES[step.lang] ?? step.lang}`);
    default:
      return make("li.step.off", {}, words(step.kind));
  }
}

function outcome([title, text, tone]) {
  return make(`li.step.${tone}`, {}, make("b", {}, title), ` ${text}`);
}

const FAILED = new Set(["failed", "refused", "error", "invalid"]);

function tool({ tool: name, arguments: given, ms, content }, open) {
  const status = content === undefined ? "" : statusOf(content);
  const tone = content === undefined ? "wait" : FAILED.has(status) ? "bad" : "good";
  const summary = make("summary", {},
    make("code", {}, words(name)),
    make("span.given", {}, Object.entries(parsed(given) ?? {}).map(([key, value]) => `${words(key)}: ${plain(value)}`).join(" · ")),
    make("span.took", {}, content === undefined ? "running…" : delay(ms)),
  );
  return make(`li.step.tool.${tone}`, {},
    make("details", { open: Boolean(open) }, summary,
      make("h4", {}, "Asked with"), table(parsed(given) ?? given),
      content === undefined ? null : make("h4", {}, "Answer"),
      content === undefined ? null : table(parsed(content) ?? content)),
  );
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function plain(value) {
  if (Array.isArray(value)) return value.map(plain).join(", ");
  return typeof value === "object" && value !== null ? Object.values(value).map(plain).join(" ") : String(value);
}

/** JSON as nested description lists: read by people, quotes and braces help nobody. */
function table(value) {
  if (Array.isArray(value)) {
    return value.length ? make("ol", {}, ...value.map((one) => make("li", {}, table(one)))) : make("i", {}, "none");
  }
  if (typeof value === "object" && value !== null) {
    const rows = Object.entries(value);
    if (!rows.length) return make("i", {}, "nothing");
    return make("dl", {}, ...rows.flatMap(([key, one]) => [make("dt", {}, words(key)), make("dd", {}, table(one))]));
  }
  return document.createTextNode(value === null || value === "" ? "–" : String(value));
}
