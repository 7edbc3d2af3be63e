// Tells the dispatcher that somebody waits: the title, a soft sound, and a notification when the page is out of sight.

import { $ } from "./dom.js";

const KEY = "console-alerts";
const title = document.title;
let before = null;
let audio = null;

export function tallied(counts) {
  document.title = counts.waiting ? `(${counts.waiting}) ${title}` : title;
  if (before !== null && wanted()) {
    if (counts.waiting > before.waiting) alert("A caller waits for a person", "/console/queue", 2);
    else if (counts.emergencies > before.emergencies) alert("An emergency call is live", "/console/now", 3);
    else if (counts.approvals > before.approvals) alert("A change waits for approval", "/console/approvals", 1);
  }
  before = counts;
}

export function startAlerts() {
  const button = $("alerts");
  if (!button) return;
  button.hidden = false;
  show(button);
  button.addEventListener("click", async () => {
    if (wanted()) localStorage.removeItem(KEY);
    else {
      localStorage.setItem(KEY, "on");
      sound(1);
      if ("Notification" in window && Notification.permission === "default") await Notification.requestPermission();
    }
    show(button);
  });
  addEventListener("pointerdown", () => context(), { once: true });  // browsers let sound begin after a gesture only
  addEventListener("keydown", () => context(), { once: true });
}

const wanted = () => localStorage.getItem(KEY) === "on";

function show(button) {
  button.textContent = wanted() ? "Stop sounds and notifications" : "Sound and notify when a caller waits";
  button.setAttribute("aria-pressed", String(wanted()));
}

function alert(text, path, urgency) {
  sound(urgency);
  if ("Notification" in window && Notification.permission === "granted" && document.hidden) {
    const shown = new Notification(text, { tag: path, icon: "/console/static/icon.svg" });
    shown.addEventListener("click", () => {
      window.focus();
      location.assign(path);
      shown.close();
    });
  }
}

function context() {
  if (wanted()) audio ??= new AudioContext();
  return audio;
}

/** Two soft notes for a caller, one for an approval, three for an emergency. */
function sound(notes) {
  const player = context();
  if (!player) return;
  for (let note = 0; note < notes; note += 1) {
    const at = player.currentTime + note * 0.22;
    const tone = player.createOscillator();
    const volume = player.createGain();
    tone.frequency.value = [523, 659, 784][note];
    volume.gain.setValueAtTime(0, at);
    volume.gain.linearRampToValueAtTime(0.12, at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, at + 0.5);
    tone.connect(volume).connect(player.destination);
    tone.start(at);
    tone.stop(at + 0.55);
  }
}
