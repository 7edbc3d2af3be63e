// Forms of the settings: sent without leaving the page, after a question where callers notice, with a way back.

import { all } from "./dom.js";
import { attempt, toast } from "./post.js";
import { sure } from "./sure.js";

export function startForms() {
  for (const form of all("main form:not([data-plain])")) form.addEventListener("submit", (event) => send(event, form));
}

async function send(event, form) {
  event.preventDefault();
  for (const field of all("[aria-invalid]", form)) field.removeAttribute("aria-invalid");
  const values = Object.fromEntries(new FormData(form, event.submitter));
  if (form.dataset.confirm) {
    if (!(await sure(form.dataset.confirm))) return;
    values.confirm = "yes";
  }
  const answer = await attempt(form.getAttribute("action"), values);
  if (!answer) return;
  if (form.dataset.before) keep("Changed on every server.", form.getAttribute("action"), { name: values.name, value: form.dataset.before, confirm: "yes" });
  if (answer.undo) keep(answer.done, answer.undo.path, { version: answer.undo.version });
  setTimeout(() => (answer.next ? location.assign(answer.next) : location.reload()), 350);
}

function keep(done, path, values) {
  sessionStorage.setItem("undo", JSON.stringify({ done, path, values }));
}

/** After the page has come back: the last change may be taken back. */
export function offerUndo() {
  const kept = sessionStorage.getItem("undo");
  sessionStorage.removeItem("undo");
  if (!kept) return;
  const { done, path, values } = JSON.parse(kept);
  toast(done, {
    tone: "good",
    seconds: 12,
    undo: async () => {
      if (!(await attempt(path, values)) || document.querySelector("[data-live]")) return;  // those renew themselves
      setTimeout(() => location.reload(), 350);
    },
  });
}
