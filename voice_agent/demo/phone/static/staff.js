// The staff's phones: asked for a little more than once a second, and changed only where something is new.

import { $ } from "./dom.js";

const LOOK_MS = 600;
const list = $("phones");
const legs = new Map();
let lost = 0;

list.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.press) act(button, "press", { keys: button.dataset.press });
  else if (button?.dataset.act) act(button, button.dataset.act, {});
});

list.addEventListener("submit", (event) => {
  event.preventDefault();
  const field = event.target.text;
  if (field.value.trim()) act(field, "say", { text: field.value });
  field.value = "";
});

look();

async function look() {
  const answer = await fetch("/demo/staff/legs").catch(() => null);
  lost = answer?.ok ? 0 : lost + 1;
  $("banner").hidden = lost < 3;
  if (lost >= 3) $("banner-text").textContent = answer ? "The emulated Twilio does not answer." : "The server does not answer. Is the demo still running?";
  if (answer?.ok) show(await answer.json());
  setTimeout(look, LOOK_MS);
}

function show(now) {
  const byPhone = new Map(now.map((leg) => [leg.phone, leg]));
  for (const leg of now) if (!card(leg.phone)) list.append(another(leg.phone));
  for (const place of list.children) change(place, byPhone.get(place.dataset.phone));
}

const card = (phone) => list.querySelector(`[data-phone="${CSS.escape(phone)}"]`);

function another(phone) {
  const made = $("another").content.firstElementChild.cloneNode(true);
  made.id = `phone-${phone.replace("+", "")}`;
  made.dataset.phone = phone;
  made.querySelector("small").textContent = phone;
  return made;
}

function change(place, leg) {
  const state = !leg ? "quiet" : leg.rings ? "rings" : leg.together ? "together" : "on";
  const words = { quiet: "quiet", rings: "rings", on: "on the line", together: "with the caller" }[state];
  legs.set(place.dataset.phone, leg?.call_sid);
  const heard = leg?.heard.join(" ") ?? "";
  const box = place.querySelector(".heard");
  if (box.textContent !== heard) {
    box.textContent = heard;
    box.scrollTop = box.scrollHeight;
  }
  if (place.dataset.state === state) return;
  place.dataset.state = state;
  place.querySelector(".state").textContent = words;
  place.querySelector(".rings").hidden = !(leg?.rings && leg.waits);
  place.querySelector(".talks").hidden = !leg || leg.rings;
  place.querySelector(".refusal").textContent = "";
  document.title = `${[...list.children].some((one) => one.dataset.state === "rings") ? "☎ " : ""}Phones of the staff`;
}

async function act(from, what, given) {
  const place = from.closest(".staff");
  const sid = legs.get(place.dataset.phone);
  if (!sid) return;
  const answer = await fetch(`/demo/phone/calls/${sid}/${what}`, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(given),
  }).catch(() => null);
  const refused = answer?.ok ? "" : ((await answer?.json().catch(() => null))?.error ?? "The server does not answer.");
  place.querySelector(".refusal").textContent = refused;
}
