// Moments as people say them: elements with `data-at` (UNIX seconds) get the reader's own clock.

import { all, setText } from "./dom.js";

const day = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short" });
const hour = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

export function showMoments(within = document) {
  for (const place of all("time[data-at]", within)) {
    const at = new Date(Number(place.dataset.at) * 1000);
    const today = at.toDateString() === new Date().toDateString();
    setText(place, today ? hour.format(at) : `${day.format(at)}, ${hour.format(at)}`);
    place.dateTime = at.toISOString();
    place.title = at.toLocaleString();
  }
}
