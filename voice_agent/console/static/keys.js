// The keyboard: single keys act when nobody types, `g` and a letter changes the section.

import { $, all } from "./dom.js";

let waitingForSection = 0;

/** `actions` are by key; each returns false to let the key through. */
export function startKeys(actions) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && $("account")?.open) {
      $("account").open = false;
      $("account").querySelector("summary").focus();
      return;
    }
    const typing = event.target.matches?.("input, textarea, select, [contenteditable]");
    if (event.key === "Escape" && typing) {
      event.target.blur();
      return;
    }
    if (typing || $("help")?.open) return;
    if (waitingForSection > performance.now()) {
      waitingForSection = 0;
      const section = all("nav a[data-key]").find((link) => link.dataset.key === event.key);
      if (section) section.click();
      return;
    }
    if (event.key === "g") {
      waitingForSection = performance.now() + 1500;
      return;
    }
    if (event.key === "?") {
      event.preventDefault();
      $("help").showModal();
      return;
    }
    const act = actions[event.key];
    if (act && act(event) !== false) event.preventDefault();
  });
  for (const button of all("[data-help]")) button.addEventListener("click", () => $("help").showModal());
}

/** Move the focus among `selector` by one; begins at the first, or at the one that is marked as current. */
export function step(selector, by) {
  const places = all(selector).filter((place) => place.checkVisibility());
  if (!places.length) return;
  const at = places.findIndex((place) => place === document.activeElement || place.contains(document.activeElement));
  const from = at >= 0 ? at : places.findIndex((place) => place.matches("[aria-current=true]"));
  const next = places[from < 0 ? (by > 0 ? 0 : places.length - 1) : Math.min(places.length - 1, Math.max(0, from + by))];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}
