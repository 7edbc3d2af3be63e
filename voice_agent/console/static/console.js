// Begins what the page needs; every page has the frame's stream, keys and alerts.

import { $ } from "./dom.js";
import { startAlerts } from "./alerts.js";
import { current, foot, partsChanged, startCall } from "./call.js";
import { startDeskPhone } from "./deskphone.js";
import { offerUndo, startForms } from "./forms.js";
import { startKeys, step } from "./keys.js";
import { listen } from "./live.js";
import { showMoments } from "./moments.js";
import { partChanged, startWaiting } from "./waiting.js";
import { startReplay } from "./replay.js";
import { choose, leave, startNow } from "./now.js";

const keys = {};
const ofACall = { w: () => $("words")?.focus(), t: () => $("take-over")?.click() };

startAlerts();
showMoments();
startDeskPhone();
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
    startReplay();
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
  case "queue":
  case "approvals":
    startWaiting();
    offerUndo();
    Object.assign(keys, {
      j: () => step(".waiting [data-key], .waiting .foot a", 1),
      k: () => step(".waiting [data-key], .waiting .foot a", -1),
      a: () => first("[data-key=a]")?.click(),
      e: () => first("[data-key=e]")?.click(),
    });
    listen({ part: document.body.dataset.page }, { part: partChanged });
    break;
  case "edit":
    startForms();
    Object.assign(keys, { Escape: () => $("back").click() });
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

/** In the card that has the focus, else in the first. */
function first(selector) {
  return (document.activeElement.closest(".waiting") ?? document).querySelector(selector);
}
