// Asks once more before something that callers notice. True for a yes.

import { make } from "./dom.js";

export function sure(question) {
  const yes = make("button.button.go", { value: "yes" }, "Yes");
  const dialog = make("dialog", { "aria-label": question },
    make("h2", {}, question),
    make("form", { method: "dialog" }, make("button.button", { value: "no" }, "No"), " ", yes));
  document.body.append(dialog);
  dialog.showModal();
  yes.focus();
  return new Promise((resolve) => dialog.addEventListener("close", () => {
    dialog.remove();
    resolve(dialog.returnValue === "yes");
  }, { once: true }));
}
