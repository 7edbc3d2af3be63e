// Draws what stands beside the conversation: who is calling, what is waited for, records, timing, hand-off, emergency.

import { $, delay, make, words } from "./dom.js";

const LEVELS = ["not identified", "number on record", "PIN or code"];
const LANGUAGES = { en: "English", es: "Español" };
const KEYS = { pin: "the PIN", code: "the code", confirm: "1 for yes or 2 for no", choice: "a number to choose", number: "digits" };
const AUDIT = /^(AI_Interaction__c|Pending_AI_Action__c)$/;
const RANKED = ["ServiceAppointment", "WorkOrder", "Case", "AssignedResource", "ProductConsumed", "ProductItem"]; // what a caller's wish changes
const MOST_FIELDS = 5; // of a new record; the rest unfolds
const LIMIT_MS = 1500;
const LONG_SECONDS = 3;

export class Panels {
  #call = null;

  start(call) {
    this.#call = call;
    $("records-note").textContent = "";
    for (const id of ["record-list", "audit-list", "timing-list", "handoff-body"]) $(id).replaceChildren();
    for (const id of ["handoff", "danger", "audit"]) $(id).hidden = true;
  }

  draw(changed) {
    const any = (...parts) => changed.has("all") || parts.some((part) => changed.has(part));
    if (any("standing", "status")) this.#standing();
    if (any("records")) this.#records();
    if (any("timing")) this.#timing();
    if (any("handoff")) this.#handoff();
    if (any("emergency")) this.#emergency();
  }

  /** Called each second too: what is waited for says for how long. */
  tick() {
    $("now").replaceChildren(...this.#now());
  }

  #standing() {
    const standing = this.#call.standing;
    $("who").textContent = standing?.name || (standing?.looked_up === false ? "looking up…" : "unknown");
    const level = standing?.level ?? 0;
    $("level").replaceChildren(
      make("span.dots", { "aria-hidden": "true" }, ...[1, 2].map((one) => make(`i${one <= level ? ".on" : ""}`))),
      make("span", {}, `L${level}`), make("small", {}, LEVELS[level]),
    );
    $("lang").textContent = LANGUAGES[standing?.lang] ?? standing?.lang ?? "–";
    this.tick();
  }

  #now() {
    const call = this.#call;
    if (!call) return ["–"];
    if (call.over) return [make("span", {}, "call is over")];
    const { standing } = call;
    if (!standing) return [make("span.pulse", { "aria-hidden": "true" }), make("span", {}, "waiting for the server to answer")];
    const seconds = Math.floor((performance.now() - standing.since) / 1000);
    const text = call.agentSpeaking && ["caller", "keys", "answer"].includes(standing.waiting) ? "the agent is talking" : waited(standing);
    const busy = ["model", "tools", "server"].includes(standing.waiting);
    return [
      busy && make("span.pulse", { "aria-hidden": "true" }),
      make("span", {}, text),
      seconds >= LONG_SECONDS && !call.agentSpeaking && make("small", {}, `${seconds} s`),
    ].filter(Boolean);
  }

  #records() {
    const all = [...this.#call.records.values()];
    const shown = all.filter((one) => !AUDIT.test(one.object));
    const audit = all.filter((one) => AUDIT.test(one.object));
    $("records-none").hidden = shown.length > 0;
    $("records-count").textContent = shown.length || "";
    $("records-note").textContent = shown.length ? `${shown.length} touched` : "";
    for (const record of shown) this.#put($("record-list"), record);
    $("audit").hidden = !audit.length;
    $("audit-count").textContent = audit.length ? `(${audit.length})` : "";
    for (const record of audit) this.#put($("audit-list"), record);
  }

  #put(list, record) {
    const { zone } = this.#call;
    const key = JSON.stringify(record);
    const before = [...list.children].find((one) => one.dataset.id === record.id);
    if (before?.dataset.key === key) return;
    const fields = record.changes.filter((one) => worthShowing(one, record)).flatMap(({ field, before: old, after }) => [[
      make("dt", {}, spaced(field)),
      make("dd", {},
        !record.created && make("span.before", {}, shown(old, zone)),
        !record.created && make("span.arrow", { "aria-label": "becomes" }, "→"),
        make("span.after", {}, shown(after, zone))),
    ]]);
    const more = record.created ? fields.slice(MOST_FIELDS) : [];
    const card = make(`li.record${record.created ? ".new" : ""}`, { "data-id": record.id },
      make("header", {},
        make("span.object", { "data-object": record.object }, spaced(record.object)),
        make("b", {}, record.label),
        record.created && make("span.tag.good", {}, "new"),
        record.deleted && make("span.tag.bad", {}, "deleted")),
      make("dl", {}, ...fields.slice(0, fields.length - more.length).flat()),
      more.length > 0 && make("details", {}, make("summary", {}, `${more.length} more ${more.length > 1 ? "fields" : "field"}`), make("dl", {}, ...more.flat())));
    Object.assign(card.dataset, { key, rank: rank(record) });
    before?.remove();
    const next = [...list.children].find((one) => Number(one.dataset.rank) > rank(record));
    list.insertBefore(card, next ?? null);
  }

  #timing() {
    const turns = [...this.#call.turns.values()].filter((turn) => turn.firstWords !== null);
    $("timing-none").hidden = turns.length > 0;
    const scale = Math.max(LIMIT_MS, ...turns.map((turn) => turn.voice ?? turn.firstWords));
    $("timing-list").replaceChildren(...turns.map((turn) => {
      const run = turn.runs.find((one) => one.firstToken !== null);
      const bar = make("span.bar", { "aria-hidden": "true" },
        turn.voice !== null && part("voice", turn.voice, scale), part("first", turn.firstWords, scale),
        run && part("token", run.firstToken, scale), part("limit", LIMIT_MS, scale));
      return make("li", {},
        make("span.turn-number", {}, `Turn ${turn.number}`), bar, make("b", {}, delay(turn.firstWords)),
        make("small", {}, [
          run && `first token of ${run.model} ${delay(run.firstToken)}`,
          turn.voice !== null && `heard after ${delay(turn.voice)}`,
          ...turn.runs.flatMap((one) => one.attempts ?? []),
        ].filter(Boolean).join(" · ")));
    }));
  }

  #handoff() {
    const handoff = this.#call.handoff;
    $("handoff").hidden = !handoff;
    if (!handoff) return;
    $("handoff-body").replaceChildren(
      make("p", {}, handoff.queue ? `Queue “${handoff.queue}”` : "On the way", handoff.reason ? ` · ${words(handoff.reason)}` : ""),
      make("ul", {}, ...handoff.summary.map(({ source, text }) => make("li", {}, make(`span.tag.${source.replace(" ", "-")}`, {}, source), text))));
  }

  #emergency() {
    const emergency = this.#call.emergency;
    $("danger").hidden = !emergency;
    if (!emergency) return;
    $("danger-what").textContent = `Emergency: ${words(emergency.hazard)}`;
    $("danger-state").textContent = emergency.note.replace(/^Emergency [^:]*: /, "") || "Guidance is being spoken; the record is being written.";
  }
}

export function waited({ waiting, about, keypad, length, pressed }) {
  switch (waiting) {
    case "model": return `waiting for the model${about ? ` (${about})` : ""}`;
    case "tools": return `looking up: ${words(about)}`;
    case "server": return `waiting for ${about}`;
    case "agent": return "the agent is talking";
    case "answer": return "waiting for a yes or a no";
    case "keys": return `waiting for ${KEYS[keypad] ?? "keys"}${length > 1 ? `, ${pressed} of ${length}` : ""}`;
    case "person": return `waiting for a person at “${about}”`;
    case "nothing": return "call is over";
    default: return "listening to the caller";
  }
}

function part(kind, ms, scale) {
  const element = make(`i.${kind}`);
  element.style.setProperty("--at", `${Math.min(100, (ms / scale) * 100)}%`);
  return element;
}

const MOMENT = { weekday: "short", month: "short", day: "numeric", hour: "numeric", minute: "2-digit" };

const spaced = (name) => name.replace(/__c$/, "").replaceAll("_", " ").replace(/([a-z])([A-Z])/g, "$1 $2").replace(/ ?Id$/, "");

const HUSHED = /^(Id|SystemModstamp|LastModified.*|Created.*|OwnerId|.*StatusCategory|IsClosed|IsConsumed|Root.*Id|IsDeleted|LastReferencedDate|LastViewedDate|Agent_Key__c)$/;
function worthShowing({ field, before, after }, record) {
  if (HUSHED.test(field) || (before === null && [false, 0, "", null].includes(after))) return false;
  return !record.created || !record.label.includes(String(after)); // its own number and name are in its title
}

const rank = ({ object }) => (RANKED.includes(object) ? RANKED.indexOf(object) : RANKED.length);

/** Moments in the line's own time, as the agent says them; empty is said. */
function shown(value, zone) {
  if (value === null || value === "") return "empty";
  if (typeof value === "string" && /^\d{4}-\d\d-\d\dT/.test(value)) {
    const at = new Date(value.replace(/\+0000$/, "Z"));
    if (!Number.isNaN(at.getTime())) return make("time", { datetime: value, title: zone }, at.toLocaleString([], { ...MOMENT, timeZone: zone }));
  }
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
