// Pages of cards that wait: their markup comes anew when it has changed, clocks run here, buttons act without leaving.

import { all, setText, span } from "./dom.js";
import { swap } from "./call.js";
import { showMoments } from "./moments.js";
import { attempt } from "./post.js";
import { sure } from "./sure.js";

export function startWaiting() {
  document.querySelector("[data-live]").addEventListener("submit", send);
  tick();
  setInterval(tick, 1000);
}

/** Part `name` of the page; what was typed stays. */
export function partChanged({ name, html }) {
  const place = document.querySelector(`[data-live="${name}"]`);
  if (!place) return;
  const typed = Object.fromEntries(all("input[id]", place).map((field) => [field.id, field.value]));
  swap(place, html);
  for (const field of all("input[id]", place)) field.value = typed[field.id] ?? field.value;
  showMoments(place);
  tick();
}

async function send(event) {
  event.preventDefault();
  const form = event.target;
  const button = event.submitter;
  if (button.dataset.sure && !(await sure(button.dataset.sure))) return;
  const values = Object.fromEntries(new FormData(form, button));
  button.disabled = true;
  await attempt(button.getAttribute("formaction") ?? form.getAttribute("action"), values);
  button.disabled = false;
}

function tick() {
  const now = Date.now() / 1000;
  for (const clock of all("time[data-since]")) setText(clock, span(now - Number(clock.dataset.since)));
  for (const clock of all("time[data-until]")) {
    const left = Number(clock.dataset.until) - now;
    setText(clock, left > 0 ? span(left) : "lapsed");
    clock.toggleAttribute("data-late", left < 120);
  }
}
