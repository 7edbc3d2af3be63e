// The open call: its parts come as markup from the server and take the place of the older ones, nothing else moves.

import { $, all, make } from "./dom.js";
import { attempt, toast } from "./post.js";
import { startReplay } from "./replay.js";
import { sure } from "./sure.js";
import { forget, hear, startReading } from "./aloud.js";

let sid = document.querySelector(".call")?.dataset.sid ?? "";
const empty = $("no-call");

export const current = () => sid;

/** Show a call in the pane. False when the server has none of that name. */
export async function open(wanted) {
  const late = setTimeout(() => $("pane").setAttribute("aria-busy", "true"), 150);
  const answer = await fetch(`/console/calls/${wanted}/pane`, { headers: { Accept: "text/html" } }).catch(() => null);
  clearTimeout(late);
  $("pane").removeAttribute("aria-busy");
  if (!answer?.ok) {
    toast(answer ? "That call is not known any more." : "The server cannot be reached.", { tone: "bad" });
    return false;
  }
  sid = wanted;
  $("pane").innerHTML = await answer.text();
  foot();
  startReading();
  startReplay();
  return true;
}

export function close() {
  sid = "";
  forget();
  $("pane").replaceChildren(...(empty ? [empty] : []));
}

export function partsChanged({ call, parts }) {
  if (call !== sid) return;
  const stays = atFoot();
  for (const [name, html] of Object.entries(parts)) {
    const place = document.querySelector(`[data-part="${name}"]`) ?? turn(name);
    if (!place || place.dataset.html === html) continue;
    swap(place, html);
  }
  if (stays) foot();
  hear();
}

/** The forms of the open call; the pane may be filled anew, its frame stays. */
export function startCall() {
  const pane = $("pane");
  startReading();
  pane.addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target;
    const button = event.submitter;
    const path = button?.getAttribute("formaction") ?? form.getAttribute("action");
    if (button?.dataset.sure && !(await sure(button.dataset.sure))) return;
    const answer = await attempt(path, Object.fromEntries(new FormData(form)));
    if (answer && !button?.hasAttribute("formaction")) form.words.value = "";
  });
  pane.addEventListener("change", (event) => {
    if (event.target.name === "how") $("words").placeholder = event.target.value === "say" ? "Word for word to the caller…" : "Whisper to the agent…";
  });
}

/** Details that were opened stay open, and what had the focus keeps it. */
export function swap(place, html) {
  const before = new Map(all("details[id]", place).map((one) => [one.id, one.open]));
  const focused = place.contains(document.activeElement) ? document.activeElement.id : "";
  place.innerHTML = html;
  for (const one of all("details[id]", place)) one.open = before.get(one.id) ?? one.open;
  if (focused) $(focused)?.focus();
}

function turn(name) {
  const turns = $("turns");
  if (!turns || !name.startsWith("turn-")) return null;
  const number = Number(name.slice(5));
  const item = make("li.turn", { "data-part": name });
  const after = all(".turn", turns).find((other) => Number(other.dataset.part.slice(5)) > number);
  turns.insertBefore(item, after ?? null);
  return item;
}

const scroller = () => document.querySelector(".call .turns");

function atFoot() {
  const box = scroller();
  return box && box.scrollHeight - box.scrollTop - box.clientHeight < 80;
}

export function foot() {
  const box = scroller();
  if (box) box.scrollTop = box.scrollHeight;
}
