// The phone itself: choosing who calls which line, and what a person can do while the call is on.

import { minutes, talkedFor } from "./call.js";
import { $, make, words } from "./dom.js";
import { ask } from "./feed.js";
import { waited } from "./panels.js";
import { Microphone, canListen, canSpeak } from "./speech.js";

const SECRETS = ["pin", "code"]; // only keys will do: the keypad opens by itself even where there is little room
const NARROW = window.matchMedia("(max-width: 760px)");

export class Handset {
  #call = null;
  #acts = Promise.resolve(); // one after the other, in the order they were asked for
  #secret = false; // a PIN or code is being keyed in
  #microphone = new Microphone();

  /** `told` is {place({from, to, zone, pin, attestation}), again(), failed(error), voice}. */
  constructor(told) {
    this.told = told;
    $("dial").addEventListener("change", (event) => this.#chosen(event.target));
    $("number").addEventListener("input", (event) => this.#chosen(event.target));
    $("dial").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#dial();
    });
    for (const card of document.querySelectorAll(".card")) {
      card.addEventListener("click", () => this.#tryOut(card.dataset));
    }
    $("speak").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#say($("words").value);
    });
    for (const key of $("pad").querySelectorAll("button")) key.addEventListener("click", () => this.#press(key.dataset.key));
    $("hangup").addEventListener("click", () => (this.#call?.over ? this.told.again() : this.#act("hangup", {})));
    $("pad-toggle").addEventListener("click", () => this.#showPad($("pad").hidden));
    $("mic").addEventListener("click", () => this.#listen());
    $("voice").addEventListener("click", () => this.#speakAloud());
    $("mic").hidden = !canListen;
    $("voice").hidden = !canSpeak;
    document.addEventListener("keydown", (event) => this.#key(event));
    this.#chosen(document.querySelector("[name=who]:checked"));
  }

  // ---- before the call

  /** The line follows the caller's role until another one is chosen. */
  #chosen(element) {
    if (element.name === "who") {
      $("other").hidden = element.value !== "";
      if (element.dataset.line) $("line").value = element.dataset.line;
      else $("caller").focus();
    } else if (element.id === "caller") {
      $("number").value = element.value;
      this.#lineFor(element.selectedOptions[0].dataset.role);
      if (!element.value) $("number").focus();
    } else if (element.id === "number") {
      const known = [...$("caller").options].find((one) => one.value && one.value === element.value.replace(/[\s().-]/g, ""));
      $("caller").value = known ? known.value : "";
      this.#lineFor(known?.dataset.role);
    }
    $("refusal").textContent = "";
  }

  #lineFor(role) {
    const wanted = { customer: "customer", technician: "technician", unknown: "after_hours" }[role];
    const line = [...$("line").options].find((one) => one.dataset.role === wanted);
    if (line) $("line").value = line.value;
  }

  #tryOut({ caller, line }) {
    const person = document.querySelector(`[name=who][value="${caller}"]`);
    person.checked = true;
    this.#chosen(person);
    $("line").value = line;
    this.#dial();
  }

  async #dial() {
    const chosen = document.querySelector("[name=who]:checked");
    const known = chosen.value ? chosen : $("caller").selectedOptions[0];
    $("call").disabled = true;
    $("call").textContent = "Calling…";
    $("refusal").textContent = "";
    try {
      await this.told.place({
        from: chosen.value || $("number").value.trim(),
        to: $("line").value,
        pin: known?.dataset.pin || "",
        zone: $("line").selectedOptions[0].dataset.zone,
        attestation: chosen.value ? $("attestation").options[0].value : $("attestation").value,
      });
    } catch (error) {
      $("refusal").textContent = error.message;
      if (error.gone) this.told.failed(error);
    } finally {
      $("call").disabled = false;
      $("call").textContent = "Call";
    }
  }

  // ---- in the call

  start(call) {
    const again = this.#call?.sid === call?.sid;
    this.#call = call;
    document.body.dataset.phase = call ? "call" : "idle";
    $("dial").hidden = Boolean(call);
    $("calling").hidden = !call;
    if (!call) {
      this.#microphone.stop();
      $("call").focus();
      return;
    }
    if (again) return;
    const line = [...$("line").options].find((one) => one.value === call.line);
    $("peer").textContent = line ? `${words(line.dataset.name)} line` : call.line;
    const sayings = $("sayings-by-line").content.querySelectorAll(`[data-role="${line?.dataset.role}"] li`);
    $("sayings").replaceChildren(...[...sayings].map((one) => {
      const chip = make("button", { type: "button" }, one.textContent);
      chip.addEventListener("click", () => this.#say(one.textContent));
      return make("li", {}, chip);
    }));
    $("words").value = "";
    $("act-refusal").textContent = "";
    this.#showPad(!NARROW.matches);
    this.#secret = false;
    if (!NARROW.matches) $("words").focus({ preventScroll: true }); // on a real phone its own keyboard would cover the page
  }

  draw(changed) {
    const call = this.#call;
    const any = (...parts) => changed.has("all") || parts.some((part) => changed.has(part));
    if (any("aloud", "standing", "status")) {
      $("caption").textContent = call.over ? "" : call.agentSpeaking ? call.aloud : standing(call);
      $("caption").classList.toggle("waiting", !call.agentSpeaking);
      $("ring").classList.toggle("talking", call.agentSpeaking && !call.over);
      $("send").setAttribute("aria-label", call.agentSpeaking ? "Interrupt and say it" : "Say it");
      $("speak").classList.toggle("barge", call.agentSpeaking);
      $("words").placeholder = call.agentSpeaking ? "Enter interrupts the agent" : "Say something, press Enter";
    }
    if (any("standing")) {
      const wanted = ["pin", "code", "choice", "confirm", "number"].includes(call.standing?.keypad) && !call.over;
      $("pad").classList.toggle("wanted", wanted);
      const secret = wanted && SECRETS.includes(call.standing.keypad);
      if (wanted && (secret || !NARROW.matches)) this.#showPad(true);
      if (secret !== this.#secret) this.#handOver(secret);
    }
    if (any("status")) this.#status();
  }

  tick() {
    const call = this.#call;
    if (!call) return;
    if (call.over) $("clock").textContent = `Call ended · ${minutes(call.over.seconds)}`;
    else if (call.answeredAt === null) $("clock").textContent = call.status === "ringing" ? "Ringing…" : "Calling…";
    else $("clock").textContent = minutes(talkedFor(call));
  }

  /** Digits of a secret belong to the keypad: the focus goes there, and back to the words afterwards. */
  #handOver(secret) {
    this.#secret = secret;
    const [from, to] = secret ? [$("words"), $("pad")] : [$("pad"), $("words")];
    if (from.contains(document.activeElement) && !$("words").value) to.focus({ preventScroll: true });
  }

  #status() {
    const over = Boolean(this.#call.over);
    for (const element of $("calling").querySelectorAll("#words, #send, #mic, #pad button, #sayings button")) element.disabled = over;
    $("hangup").textContent = over ? "New call" : "Hang up";
    $("hangup").classList.toggle("again", over);
    if (over) {
      this.#microphone.stop();
      this.#showMicrophone();
      $("pad").classList.remove("wanted");
      if (document.activeElement === document.body || $("calling").contains(document.activeElement)) $("hangup").focus();
    }
    this.tick();
  }

  #say(text) {
    const said = text.trim();
    if (!said) return;
    $("words").value = "";
    this.told.voice.hush();
    this.#act(this.#call.agentSpeaking ? "bargein" : "say", { text: said });
  }

  #press(key) {
    const button = $("pad").querySelector(`[data-key="${CSS.escape(key)}"]`);
    button.classList.add("down");
    setTimeout(() => button.classList.remove("down"), 140);
    this.#act("press", { keys: key });
  }

  #act(act, given) {
    const { sid } = this.#call;
    this.#acts = this.#acts.then(async () => {
      try {
        await ask(`/${sid}/${act}`, given);
        $("act-refusal").textContent = "";
      } catch (error) {
        $("act-refusal").textContent = error.message;
        if (error.gone) this.told.failed(error);
      }
    });
  }

  /** Digits go to the keypad wherever the focus is, except where one writes. */
  #key(event) {
    if (!this.#call || this.#call.over || event.ctrlKey || event.metaKey || event.altKey) return;
    const writing = event.target.matches("input, select, textarea");
    if (writing) {
      if (event.key === "Escape") event.target.blur();
    } else if (/^[0-9*#]$/.test(event.key)) {
      event.preventDefault();
      this.#press(event.key);
    } else if (event.key === "/") {
      event.preventDefault();
      $("words").focus();
    }
  }

  #showPad(on) {
    $("pad").hidden = !on;
    $("pad-toggle").setAttribute("aria-expanded", String(on));
  }

  // ---- the browser's ears and voice

  #listen() {
    if (this.#microphone.on) {
      this.#microphone.stop();
      this.#showMicrophone();
      return;
    }
    this.#microphone.start(this.#call.standing?.lang, {
      partial: (text) => ($("words").value = text),
      final: (text) => this.#say(text),
      ended: (reason) => {
        this.#showMicrophone();
        if (reason) $("act-refusal").textContent = `The browser does not listen (${words(reason.replaceAll("-", "_"))}). Type instead.`;
      },
    });
    this.#showMicrophone();
  }

  #showMicrophone() {
    $("mic").setAttribute("aria-pressed", String(this.#microphone.on));
    $("words").classList.toggle("dictated", this.#microphone.on);
  }

  #speakAloud() {
    const voice = this.told.voice;
    voice.on = !voice.on;
    if (!voice.on) voice.hush();
    $("voice").setAttribute("aria-pressed", String(voice.on));
  }
}

/** What the phone shows while nobody talks to its owner. */
function standing({ standing: now, pin }) {
  if (!now) return "";
  if (now.waiting === "caller") return "The agent is listening";
  const text = waited(now);
  const hint = now.waiting === "keys" && now.keypad === "pin" && pin ? ` (in this demo it is ${pin})` : "";
  return text[0].toUpperCase() + text.slice(1) + hint;
}
