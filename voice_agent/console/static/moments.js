// Moments as people say them: elements with `data-at` (UNIX seconds), by the clock of the lines, as everywhere here.

import { all, setText } from "./dom.js";

const timeZone = document.documentElement.dataset.zone;
const day = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", timeZone });
const hour = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone });
const whole = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "long", timeZone });

export function showMoments(within = document) {
  for (const place of all("time[data-at]", within)) {
    const at = new Date(Number(place.dataset.at) * 1000);
    const today = day.format(at) === day.format(new Date());
    setText(place, today ? hour.format(at) : `${day.format(at)}, ${hour.format(at)}`);
    place.dateTime = at.toISOString();
    place.title = whole.format(at);
  }
}
