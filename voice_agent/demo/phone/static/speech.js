// The browser's own ears and voice, where it has them: dictation into the text field, and the agent read aloud.

const Recognition = window.SpeechRecognition || window.webkitSpeechRecognition;

export const canListen = Boolean(Recognition);
export const canSpeak = "speechSynthesis" in window;

/** Listens until stopped. `partial` gets the words so far, `final` a whole sentence, `ended` a reason or "". */
export class Microphone {
  #recognition = null;

  get on() {
    return this.#recognition !== null;
  }

  start(lang, { partial, final, ended }) {
    const recognition = new Recognition();
    Object.assign(recognition, { lang: lang === "es" ? "es-US" : "en-US", interimResults: true, continuous: true });
    recognition.onresult = (event) => {
      for (let at = event.resultIndex; at < event.results.length; at += 1) {
        const [{ transcript }] = event.results[at];
        if (event.results[at].isFinal) final(transcript.trim());
        else partial(transcript.trim());
      }
    };
    let reason = "";
    recognition.onerror = (event) => {
      if (event.error !== "no-speech" && event.error !== "aborted") reason = event.error;
    };
    recognition.onend = () => {
      if (this.#recognition !== recognition) return;
      this.#recognition = null;
      ended(reason);
    };
    this.#recognition = recognition;
    recognition.start();
  }

  stop() {
    const recognition = this.#recognition;
    this.#recognition = null;
    recognition?.abort();
  }
}

/** Reads clauses aloud, one after the other; off until switched on. */
export class Voice {
  on = false;

  say(text, lang) {
    if (!this.on) return;
    const spoken = new SpeechSynthesisUtterance(text);
    spoken.lang = lang === "es" ? "es-US" : "en-US";
    spoken.rate = 1.1;
    window.speechSynthesis.speak(spoken);
  }

  hush() {
    if (canSpeak) window.speechSynthesis.cancel();
  }
}
