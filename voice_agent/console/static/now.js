// The list of live calls: rows are made from one template and changed slot by slot; order and age are kept here.

import { $, all, setText, span } from "./dom.js";
import { listen } from "./live.js";
import { close, current, open, partsChanged } from "./call.js";

const rows = new Map();
let wanted = new URLSearchParams(location.search).get("call");  // asked for before the server knew of it
let list;

export function startNow() {
  list = $("rows");
  for (const row of list.children) adopt(row.id.slice(5), row);
  list.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-call]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || narrow()) return;
    event.preventDefault();
    choose(link.dataset.call);
  });
  $("find").addEventListener("input", filter);
  $("which").addEventListener("change", filter);
  $("clear-find").addEventListener("click", () => {
    $("find").value = $("which").value = "";
    filter();
  });
  $("pane").addEventListener("click", (event) => {
    if (event.target.closest(".back")) {
      event.preventDefault();
      leave();
    }
  });
  connect();
  tick();
  setInterval(tick, 1000);
}

const narrow = () => matchMedia("(max-width: 900px)").matches;

function connect() {
  const call = current();
  listen(call ? { rows: 1, call } : { rows: 1 }, { rows: changed, call: partsChanged });
}

export async function choose(sid) {
  if (sid === current()) return;
  if (!(await open(sid))) return;
  $("split").toggleAttribute("data-open", true);
  history.replaceState(null, "", `/console/now?call=${sid}`);
  mark();
  connect();
}

export function leave() {
  const sid = current();
  close();
  $("split").removeAttribute("data-open");
  history.replaceState(null, "", "/console/now");
  mark();
  connect();
  rows.get(sid)?.link.focus();
}

function adopt(sid, row) {
  const slots = Object.fromEntries(all("[data-slot]", row).map((slot) => [slot.dataset.slot, slot]));
  const known = { row, slots, link: row.querySelector("a"), clock: row.querySelector(".clock") };
  rows.set(sid, known);
  return known;
}

function born(sid) {
  const row = $("row").content.firstElementChild.cloneNode(true);
  row.id = `call-${sid}`;
  const known = adopt(sid, row);
  known.link.href = `/console/calls/${sid}`;
  known.link.dataset.call = sid;
  return known;
}

function changed({ rows: news = {}, order = null }) {
  for (const [sid, slots] of Object.entries(news)) {
    const known = rows.get(sid) ?? born(sid);
    for (const [slot, text] of Object.entries(slots)) {
      if (slot.startsWith("@")) known.row.dataset[slot.slice(1)] = text;
      else setText(known.slots[slot], text);
    }
  }
  if (order) arrange(order);
  if (wanted && rows.has(wanted)) {
    if (!current()) choose(wanted);
    wanted = null;
  }
  filter();
  tick();
}

/** Put rows where they belong without touching those that are there already: focus and scroll stay. */
function arrange(order) {
  const wanted = new Set(order);
  for (const [sid, { row }] of rows) {
    if (wanted.has(sid)) continue;
    row.remove();
    rows.delete(sid);
  }
  let place = list.firstElementChild;
  for (const sid of order) {
    const row = rows.get(sid)?.row;
    if (!row) continue;
    if (row === place) place = place.nextElementSibling;
    else list.insertBefore(row, place);
  }
  mark();
}

function mark() {
  const sid = current();
  for (const [each, { row, link }] of rows) {
    row.toggleAttribute("data-chosen", each === sid);
    if (each === sid) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

function filter() {
  const sought = $("find").value.trim().toLowerCase();
  const digits = sought.replace(/[^\d]/g, "");
  const line = $("which").value;
  let shown = 0;
  for (const { row, slots } of rows.values()) {
    const text = ["name", "wants", "words", "state"].map((slot) => slots[slot].textContent).join(" ").toLowerCase();
    const number = slots.number.textContent.replace(/\D/g, "");
    const fits = (!sought || text.includes(sought) || (digits.length > 2 && number.includes(digits))) && (!line || row.dataset.line === line);
    row.hidden = !fits;
    shown += fits;
  }
  $("nothing").hidden = rows.size > 0;
  $("no-match").hidden = !rows.size || shown > 0;
}

function tick() {
  const now = Date.now() / 1000;
  for (const { row, clock } of rows.values()) setText(clock, span((Number(row.dataset.ended) || now) - Number(row.dataset.since)));
}
