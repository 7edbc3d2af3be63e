// Begins what the page needs; every page has the frame's stream, keys and alerts.

import { $ } from "./dom.js";
import { startAlerts } from "./alerts.js";
import { current, foot, partsChanged } from "./call.js";
import { startKeys, step } from "./keys.js";
import { listen } from "./live.js";
import { choose, leave, startNow } from "./now.js";

const page = document.body.dataset.page;
const keys = {};

startAlerts();
addEventListener("click", (event) => {
  const menu = $("account");
  if (menu?.open && !menu.contains(event.target)) menu.open = false;
});

switch (page) {
  case "now":
    startNow();
    Object.assign(keys, {
      j: () => step(".row:not([hidden]) > a", 1),
      k: () => step(".row:not([hidden]) > a", -1),
      "/": () => $("find").focus(),
      Escape: () => current() && leave(),
      o: () => document.activeElement.dataset?.call && choose(document.activeElement.dataset.call),
    });
    break;
  case "call":
    foot();
    listen({ call: current() }, { call: partsChanged });
    break;
  default:
    listen({}, {});
}

startKeys(keys);
