// What the page knows of one call, made from the feed's events and nothing else. No DOM in here.

import { completed, cutShort, findClause, played, started } from "./heard.js";

/** An empty call; `placed` is {sid, line, zone, pin}: CallSid, the line's number and zone, the demo's PIN. */
export function newCall(placed) {
  return {
    ...placed,
    status: "calling",
    answeredAt: null,
    over: null,
    agentSpeaking: false,
    items: [], // what the conversation shows, in order: turns, and lines between them
    turns: new Map(),
    turn: 0,
    live: "", // the caller's words while they are being recognised
    keys: [], // pressed since the last turn began
    early: [], // steps of the turn that is about to begin
    standing: null,
    emergency: null,
    handoff: null,
    records: new Map(),
    ms: 0, // of Twilio's clock at the newest happening, and when that came here
    seenAt: 0,
    aloud: "", // the newest clause
    speaking: null,
    heardAt: null, // emulated ms of the caller's last word or key
    changed: new Set(["all"]),
  };
}

/** Takes one event of the feed. `call.changed` then names what is to be drawn: turn numbers and names of parts. */
export function take(call, source, data) {
  if (source === "twilio") onTwilio(call, data);
  else if (source === "text") line(call, `Text to ${data.to}: ${data.body}`, "text");
  else if (source === "journal") onJournal(call, data);
  else if (source === "org") onChange(call, data);
  else if (source === "standing") onStanding(call, data);
}

function turnOf(call, number) {
  let turn = call.turns.get(number);
  if (turn) return turn;
  turn = {
    kind: "turn", number, caller: "", keys: [], gist: null, steps: [],
    said: "", heard: 0, playing: null, cut: false, firstWords: null, voice: null, runs: [],
  };
  call.turns.set(number, turn);
  const after = call.items.findIndex((item) => item.kind === "turn" && item.number > number);
  call.items.splice(after < 0 ? call.items.length : after, 0, turn);
  if (number > call.turn) {
    call.turn = number;
    turn.keys = call.keys;
    turn.steps.push(...call.early);
    call.keys = [];
    call.early = [];
    call.changed.add("live");
  }
  call.changed.add("items");
  return turn;
}

function draw(call, turn) {
  call.changed.add(turn.number);
}

function line(call, text, kind = "") {
  call.items.push({ kind: "line", text, tone: kind, id: call.items.length });
  call.changed.add("items");
}

// ---- Twilio's side: what was said and what was played

function onTwilio(call, about) {
  if (about.ms) Object.assign(call, { ms: about.ms, seenAt: performance.now() });
  switch (about.type) {
    case "caller_partial":
      call.live = about.text;
      call.changed.add("live");
      break;
    case "caller_final": {
      call.heardAt = about.ms;
      const known = [...call.turns.values()].some((turn) => turn.caller && turn.caller.includes(about.text));
      call.live = known ? "" : about.text;
      call.changed.add("live");
      break;
    }
    case "key_pressed":
      call.heardAt = about.ms;
      break;
    case "clause_started":
      clauseStarted(call, about);
      break;
    case "clause_played":
      clausePlayed(call, about);
      break;
    case "caller_interrupted":
      fallSilent(call);
      break;
    case "agent_speaking":
      call.agentSpeaking = about.on;
      call.changed.add("standing");
      break;
    case "status_changed":
      call.status = about.status;
      if (about.status === "in-progress") call.answeredAt ??= about.ms;
      call.changed.add("status");
      break;
    case "call_ended":
      call.over = { status: about.status, reason: about.reason, seconds: about.seconds };
      fallSilent(call);
      line(call, `Call ended after ${minutes(about.seconds)}: ${about.reason}`);
      call.live = "";
      call.changed.add("status").add("live");
      break;
    case "over":
      call.over ??= { status: "completed", reason: "", seconds: 0 };
      call.changed.add("status");
      break;
    case "webhook_answered":
      if (about.status === 0 || about.status >= 400) {
        line(call, `The server answered the ${about.kind} webhook with ${about.error || `HTTP ${about.status}`}`, "bad");
      }
      break;
    case "socket_refused":
      line(call, `The server refused the call's socket (HTTP ${about.status})`, "bad");
      break;
    case "socket_closed":
      if (about.code !== 1000) line(call, `The call's socket was closed by ${about.by} (${about.code})`, "bad");
      break;
    case "alert_raised":
      line(call, `Twilio alert${about.code ? ` ${about.code}` : ""}: ${about.text}`, "bad");
      break;
    case "queue_entered":
      line(call, `In the queue “${about.queue}”, position ${about.position}`);
      break;
    case "queue_left":
      line(call, `Left the queue “${about.queue}”: ${about.result}`);
      break;
    case "bridged":
      line(call, "Connected with a person");
      break;
  }
}

function clauseStarted(call, { text, source, ms }) {
  call.speaking = null;
  call.aloud = text;
  call.changed.add("aloud");
  if (source === "say") {
    call.items.push({ kind: "say", text, id: call.items.length });
    call.changed.add("items");
    return;
  }
  if (source === "greeting") turnOf(call, 0).said ||= text;
  let found = findClause(call.turns.values(), text);
  if (!found) { // the page joined in the middle of a reply: the whole of it comes with its end
    const turn = turnOf(call, call.turn);
    found = [turn, [turn.said.length, turn.said.length + text.length]];
    turn.said += text;
  }
  const [turn, place] = found;
  started(turn, place);
  call.speaking = turn;
  if (turn.voice === null && call.heardAt !== null && (turn.caller || turn.keys.length)) {
    turn.voice = ms - call.heardAt;
    call.heardAt = null;
    call.changed.add("timing");
  }
  draw(call, turn);
}

function clausePlayed(call, { text, cut }) {
  if (!call.speaking) return;
  played(call.speaking, text, cut);
  draw(call, call.speaking);
  call.speaking = null;
}

function fallSilent(call) {
  for (const turn of call.turns.values()) {
    if (cutShort(turn)) draw(call, turn);
  }
}

// ---- the server's journal: what was understood, decided and done

function onJournal(call, about) {
  const turn = about.turn === undefined ? null : turnOf(call, about.turn);
  if (turn) draw(call, turn);
  switch (about.kind) {
    case "caller":
      turn.caller = about.text;
      turn.gist = { intent: about.intent, confidence: about.confidence, urgency: about.urgency, lang: about.lang };
      if (about.text.includes(call.live)) call.live = "";
      call.changed.add("live");
      break;
    case "token":
      turn.said += about.text;
      break;
    case "agent":
      completed(turn, about.text);
      break;
    case "key":
      call.keys.push(about.digit);
      call.changed.add("live");
      break;
    case "first_words":
      turn.firstWords = about.ms;
      call.changed.add("timing");
      break;
    case "model":
      turn.runs.push({ model: about.model, firstToken: about.first_token_ms, attempts: about.attempts });
      call.changed.add("timing");
      break;
    case "tool":
      turn.steps.push({ kind: "tool", id: about.id, tool: about.tool, arguments: about.arguments });
      break;
    case "tool_result": {
      const step = turn.steps.find((one) => one.id === about.id);
      if (step) Object.assign(step, { ms: about.ms, content: about.content });
      if (statusOf(about.content) === "awaiting_confirmation") turn.steps.push({ kind: "confirm", state: "asked" });
      break;
    }
    case "write":
      readBack(call, "agreed");
      step(call, { kind: "write", state: about.status });
      break;
    case "proposal_dropped":
      readBack(call, "dropped");
      break;
    case "secret":
      call.early.push({ kind: "secret", accepted: about.accepted, level: about.level });
      break;
    case "language":
      call.early.push({ kind: "language", lang: about.lang });
      break;
    case "emergency":
      call.emergency = { hazard: about.hazard, note: "" };
      call.changed.add("emergency");
      break;
    case "emergency_recorded":
      call.emergency = { hazard: about.hazard, note: about.note };
      call.changed.add("emergency");
      break;
    case "hand_off":
      call.handoff ??= { reason: about.reason, queue: "", summary: [] };
      call.changed.add("handoff");
      break;
    case "handed_off":
      call.handoff = { reason: about.reason, queue: about.queue, summary: about.summary };
      call.changed.add("handoff");
      break;
    case "call_resumed":
      line(call, "The line was cut; Twilio reconnected and the call goes on");
      break;
    case "refused":
      line(call, `Twilio refused a message of the server (${about.code})`, "bad");
      break;
  }
}

/** The question stands where it was asked, in whatever turn it is answered. */
function readBack(call, state) {
  for (const turn of call.turns.values()) {
    for (const asked of turn.steps.filter((one) => one.kind === "confirm" && one.state === "asked")) {
      asked.state = state;
      draw(call, turn);
    }
  }
}

/** Adds to the present turn. */
function step(call, made) {
  const turn = turnOf(call, call.turn);
  turn.steps.push(made);
  draw(call, turn);
}

// ---- the org and the standing

function onChange(call, change) {
  let record = call.records.get(change.id);
  if (!record) {
    record = { id: change.id, object: change.object, label: change.label, created: false, changes: [] };
    call.records.set(change.id, record);
  }
  if (!change.label.startsWith("…")) record.label = change.label;
  record.created ||= /^(create|insert)/i.test(change.change);
  record.deleted = /^delete/i.test(change.change);
  for (const [field, before, after] of change.fields) {
    const known = record.changes.find((one) => one.field === field);
    if (known) Object.assign(known, { after, seq: change.seq });
    else record.changes.push({ field, before, after, seq: change.seq });
  }
  call.changed.add("records");
}

function onStanding(call, standing) {
  const same = call.standing && call.standing.waiting === standing.waiting && call.standing.about === standing.about;
  call.standing = { ...standing, since: same ? call.standing.since : performance.now() };
  call.changed.add("standing");
}

// ---- small readings

/** `status` of a tool's JSON result, "" if it has none. */
export function statusOf(content) {
  try {
    return JSON.parse(content).status ?? "";
  } catch {
    return "";
  }
}

/** Seconds since the call was answered, on Twilio's clock. */
export function talkedFor(call) {
  if (call.answeredAt === null) return 0;
  return call.over?.seconds ?? (call.ms - call.answeredAt + performance.now() - call.seenAt) / 1000;
}

export function minutes(seconds) {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
}
