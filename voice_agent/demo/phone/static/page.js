// Puts the page together: the phone asks, the feed tells, and what changed is drawn once a frame.

import { newCall, take } from "./call.js";
import { Conversation } from "./conversation.js";
import { $ } from "./dom.js";
import { Feed, ask } from "./feed.js";
import { Handset } from "./handset.js";
import { Panels } from "./panels.js";
import { Voice } from "./speech.js";

const KEPT = "phone call"; // in the tab's session storage: a reload goes on with the call
const REPLAY_MS = 400; // what comes this soon after the feed opened has happened before; it is shown and not read out

const voice = new Voice();
const conversation = new Conversation();
const panels = new Panels();
const handset = new Handset({ place, again, failed: () => banner("server"), voice });
let call = null;
let feed = null;
let openedAt = 0;
let frame = 0;

async function place(wanted) {
  const { zone, pin, ...asked } = wanted;
  const placed = await ask("", asked);
  begin({ sid: placed.call_sid, since: placed.changes_since, line: wanted.to, zone, pin });
}

function begin(placed) {
  sessionStorage.setItem(KEPT, JSON.stringify(placed));
  start(newCall(placed));
  follow(placed);
}

function follow(placed) {
  feed?.stop();
  feed = new Feed(placed.sid, placed.since, {
    restart() {
      openedAt = performance.now();
      clear("server");
      start(newCall(placed));
    },
    take(source, data) {
      take(call, source, data);
      clear(source);
      if (source === "twilio" && data.type === "clause_started") readOut();
      if (source === "twilio" && data.type === "caller_interrupted") voice.hush();
      if (source === "org") status(`${data.object} ${data.label} changed`);
      draw();
    },
    lost: () => banner("server"),
    gone() {
      sessionStorage.removeItem(KEPT);
      banner("gone");
    },
    trouble: (source) => banner(source),
  });
}

function start(next) {
  call = next;
  for (const part of [conversation, panels, handset]) part.start(call);
  for (const id of ["strip", "panels", "tabs"]) $(id).hidden = false;
  $("empty").hidden = true;
  draw();
}

function again() {
  feed?.stop();
  feed = call = null;
  voice.hush();
  sessionStorage.removeItem(KEPT);
  handset.start(null);
  banner("");
  for (const id of ["strip", "panels", "tabs", "danger"]) $(id).hidden = true;
  $("empty").hidden = false;
}

function draw() {
  frame ||= requestAnimationFrame(() => {
    frame = 0;
    if (!call) return;
    const changed = call.changed;
    call.changed = new Set();
    for (const part of [conversation, panels, handset]) part.draw(changed);
  });
}

/** For those who listen to the page: each clause as it begins, by the screen reader or the browser's voice. */
function readOut() {
  if (performance.now() - openedAt < REPLAY_MS) return;
  $("say-aloud").textContent = `Agent: ${call.aloud}`;
  voice.say(call.aloud, call.standing?.lang);
}

function status(text) {
  if (performance.now() - openedAt >= REPLAY_MS) $("say-status").textContent = text;
}

// ---- what stands in the way

const BANNERS = {
  server: ["The server does not answer. The page connects again by itself as soon as it does.", "Try now", () => (feed ? feed.connect() : location.reload())],
  twilio: ["The emulated Twilio does not answer, so the call cannot be followed. Is the demo still running?", "Try now", () => feed?.connect()],
  org: ["The emulated org does not answer. The call goes on; changes of records are not shown.", "Try now", () => feed?.connect()],
  gone: ["The demo was started anew, and that call is over.", "New call", again],
};

/** Takes the banner away if it is about `kind`. */
function clear(kind) {
  if ($("banner").dataset.kind === kind) banner("");
}

function banner(kind) {
  const [text, act, then] = BANNERS[kind] ?? ["", "", null];
  $("banner").hidden = !text;
  $("banner").dataset.kind = kind;
  document.body.toggleAttribute("data-lost", ["server", "twilio"].includes(kind));
  if ($("banner-text").textContent !== text) $("banner-text").textContent = text;
  $("banner-act").textContent = act;
  $("banner-act").onclick = then;
}

// ---- tabs of the narrow page

for (const tab of $("tabs").querySelectorAll("button")) {
  tab.addEventListener("click", () => {
    for (const other of $("tabs").querySelectorAll("button")) {
      other.setAttribute("aria-pressed", String(other === tab));
      $(other.getAttribute("aria-controls")).classList.toggle("chosen", other === tab);
    }
  });
}

conversation.watch();
setInterval(() => {
  if (!call) return;
  panels.tick();
  handset.tick();
}, 500);

const kept = sessionStorage.getItem(KEPT);
if (kept) begin(JSON.parse(kept));
