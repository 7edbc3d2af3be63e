// Makes and finds elements. Text is always set as text, never as markup.

export const $ = (id) => document.getElementById(id);

/** `make("p.note.big", {title: "…"}, "text", child, …)`; children that are nothing are left out. */
export function make(kind, attributes = {}, ...children) {
  const [tag, ...classes] = kind.split(".");
  const element = document.createElement(tag || "div");
  if (classes.length) element.className = classes.join(" ");
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child || child === 0));
  return element;
}

/** "work_order" → "work order". */
export const words = (name) => String(name ?? "").replaceAll("_", " ");

/** 38 → "38 ms", 1480 → "1.48 s". */
export const delay = (ms) => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`);
