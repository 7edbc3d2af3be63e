// One stream of server-sent events a page, and what the frame shows of it: badges, trouble, a lost connection.

import { $, all, setText } from "./dom.js";
import { tallied } from "./alerts.js";

const LOST_AFTER_MS = 2500;

let source = null;
let lost = null;

/** Listen to the server. `handlers` are by event; opening again replaces the stream before. */
export function listen(query, handlers) {
  source?.close();
  source = new EventSource(`/console/events?${new URLSearchParams(query)}`);
  const on = { tally: tally, trouble: trouble, ...handlers };
  for (const [name, handle] of Object.entries(on)) source.addEventListener(name, (event) => handle(JSON.parse(event.data)));
  source.addEventListener("open", () => state(""));
  source.addEventListener("error", () => {
    lost ??= setTimeout(() => state(navigator.onLine ? "reconnecting…" : "offline"), LOST_AFTER_MS);
    if (source.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 5000);  // signed out, most likely
  });
}

addEventListener("pagehide", () => source?.close());

function state(text) {
  clearTimeout(lost);
  lost = null;
  const element = $("link-state");
  setText(element, text);
  element.hidden = !text;
  document.body.toggleAttribute("data-lost", Boolean(text));
}

function trouble({ text }) {
  setText($("trouble"), text);
  $("trouble").hidden = !text;
}

function tally(counts) {
  for (const place of all("[data-count]")) {
    setText(place, String(counts[place.dataset.count] ?? 0));
    place.parentElement.toggleAttribute("data-some", counts[place.dataset.count] > 0);
  }
  const badges = { now: counts.live, queue: counts.waiting, approvals: counts.approvals };
  for (const badge of all("[data-tally]")) {
    const count = badges[badge.dataset.tally] ?? 0;
    setText(badge, String(count));
    badge.hidden = !count;
  }
  tallied(counts);
}
