// Begins what the page needs; every page has the frame's stream, keys and alerts.

import { $ } from "./dom.js";
import { startAlerts } from "./alerts.js";
import { current, foot, partsChanged, startCall } from "./call.js";
import { offerUndo, startForms } from "./forms.js";
import { startKeys, step } from "./keys.js";
import { listen } from "./live.js";
import { showMoments } from "./moments.js";
import { choose, leave, startNow } from "./now.js";

const keys = {};
const ofACall = { w: () => $("words")?.focus(), t: () => $("take-over")?.click() };

startAlerts();
showMoments();
addEventListener("click", (event) => {
  const menu = $("account");
  if (menu?.open && !menu.contains(event.target)) menu.open = false;
});

switch (document.body.dataset.page) {
  case "now":
    startNow();
    startCall();
    Object.assign(keys, ofACall, {
      j: () => step(".row:not([hidden]) > a", 1),
      k: () => step(".row:not([hidden]) > a", -1),
      "/": () => $("find").focus(),
      Escape: () => current() && leave(),
      o: () => document.activeElement.dataset?.call && choose(document.activeElement.dataset.call),
    });
    break;
  case "call":
    foot();
    startCall();
    Object.assign(keys, ofACall);
    listen({ call: current() }, { call: partsChanged });
    break;
  case "calls":
    Object.assign(keys, {
      j: () => step(".list-table td a", 1),
      k: () => step(".list-table td a", -1),
      "/": () => $("text").focus(),
    });
    listen({}, {});
    break;
  case "settings":
    startForms();
    offerUndo();
    listen({}, {});
    break;
  default:
    listen({}, {});
}

startKeys(keys);
