// The demo only: the dispatcher's own phone, emulated, beside the page. It rings, speaks the summary, and takes keys.

import { $, setText } from "./dom.js";

const LOOK_MS = 700;

let leg = "";
let heard = null;

export function startDeskPhone() {
  const phone = $("desk-phone");
  if (!phone) return;
  phone.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.dataset.press) act("press", { keys: button.dataset.press });
    else if (button?.dataset.act) act(button.dataset.act, {});
  });
  phone.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    act("say", { text: $("desk-say").value });
    $("desk-say").value = "";
  });
  look(phone);
}

async function look(phone) {
  const answer = await fetch(`/demo/phone/legs?to=${encodeURIComponent(phone.dataset.phone)}`).catch(() => null);
  const legs = answer?.ok ? await answer.json() : [];
  show(phone, legs[0]);
  setTimeout(() => look(phone), LOOK_MS);
}

function show(phone, now) {
  phone.hidden = !now;
  if (!now) {
    heard?.close();
    heard = null;
    leg = "";
    return;
  }
  setText($("desk-state"), now.status === "ringing" ? "rings" : "on the line");
  if (now.call_sid === leg) return;
  leg = now.call_sid;
  setText($("desk-words"), "");
  heard?.close();
  heard = new EventSource(`/demo/phone/calls/${leg}/events`);
  heard.addEventListener("twilio", (event) => {
    const { type, text } = JSON.parse(event.data);
    if (type === "clause_started" && text) setText($("desk-words"), text);
    if (type === "bridged") setText($("desk-words"), "You are on the line with the caller.");
    if (type === "over") heard?.close();
  });
}

const act = (what, given) =>
  fetch(`/demo/phone/calls/${leg}/${what}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(given) }).catch(() => null);
