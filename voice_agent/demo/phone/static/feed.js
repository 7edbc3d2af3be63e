// Asks the server for things, and follows a call. Every failure comes back as a sentence for the person on the page.

/** A refusal or a failure. `gone` is true when no server answered at all. */
export class Failed extends Error {
  constructor(text, gone = false) {
    super(text);
    this.gone = gone;
  }
}

export async function ask(path, body) {
  let answer;
  try {
    answer = await fetch(`/demo/phone/calls${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(20000),
    });
  } catch {
    throw new Failed("The server does not answer.", true);
  }
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Failed(said.error || `The server answered HTTP ${answer.status}.`);
  return said;
}

const AGAIN_MS = 2000;
const SOURCES = ["twilio", "text", "journal", "org", "standing"];

/** The events of one call. Each connection begins with the whole call, so `restart` comes before its first event. */
export class Feed {
  #source = null;
  #timer = 0;
  #stopped = false;

  constructor(sid, since, { restart, take, lost, gone, trouble }) {
    this.url = `/demo/phone/calls/${sid}/events?since=${since}`;
    this.told = { restart, take, lost, gone, trouble };
    this.connect();
  }

  connect() {
    clearTimeout(this.#timer);
    this.#source?.close();
    if (this.#stopped) return;
    const source = new EventSource(this.url);
    this.#source = source;
    let troubled = false;
    source.addEventListener("open", () => this.told.restart());
    for (const name of SOURCES) source.addEventListener(name, (event) => this.told.take(name, JSON.parse(event.data)));
    source.addEventListener("gone", () => {
      this.stop();
      this.told.gone();
    });
    source.addEventListener("trouble", (event) => {
      troubled = true;
      this.told.trouble(JSON.parse(event.data).with);
    });
    source.addEventListener("error", () => {
      source.close();
      if (source !== this.#source || this.#stopped) return;
      if (!troubled) this.told.lost();
      this.#timer = setTimeout(() => this.connect(), AGAIN_MS);
    });
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#source?.close();
  }
}
