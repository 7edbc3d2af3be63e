// Listening in, as far as it goes: the browser reads the open call aloud, word for word as it is heard. There is no
// sound to listen to, because ConversationRelay gives the server none.

import { $, all } from "./dom.js";

let reading = false;
let said = new Set();

const voices = () => window.speechSynthesis ?? null;

export function startReading() {
  const button = $("read-aloud");
  if (!button || !voices()) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    reading = !reading;
    button.setAttribute("aria-pressed", String(reading));
    button.textContent = reading ? "Stop listening" : "Listen in";
    $("aloud-note").hidden = !reading;
    if (reading) said = new Set(spoken());
    else voices().cancel();
  });
}

export function forget() {
  reading = false;
  voices()?.cancel();
}

/** What is new among the words is spoken, each once. */
export function hear() {
  if (!reading) return;
  for (const words of spoken()) {
    if (said.has(words)) continue;
    said.add(words);
    voices().speak(new SpeechSynthesisUtterance(words.replace(/^\d+\|/, "")));
  }
}

const spoken = () => all(".turn .said .words").map((place, at) => `${at}|${place.textContent.trim()}`);
