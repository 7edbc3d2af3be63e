// Sends a form or a few values to the server with the session's token, and says what came of it.

import { $, make } from "./dom.js";

const csrf = document.querySelector("meta[name=csrf]")?.content ?? "";

/** The answer's JSON; an Error with the server's own sentence when it refuses. */
export async function post(path, values = {}) {
  let answer;
  try {
    answer = await fetch(path, {
      method: "POST",
      headers: { "X-CSRF": csrf, Accept: "application/json", "Content-Type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams(values),
    });
  } catch {
    throw new Error("The server cannot be reached. Look whether it was done before you repeat it.");
  }
  const body = await answer.json().catch(() => ({}));
  if (answer.status === 401) location.assign(`/console/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
  if (!answer.ok) throw new Error(body.error ?? `The server answered ${answer.status}.`);
  return body;
}

/** A sentence at the foot of the page; `undo` is what its button does. */
export function toast(text, { tone = "", undo = null, seconds = 6 } = {}) {
  const element = make(`div.toast${tone ? `.${tone}` : ""}`, {}, make("p", {}, text));
  const gone = setTimeout(() => element.remove(), seconds * 1000);
  if (undo) {
    const button = make("button.plain", { type: "button" }, "Undo");
    button.addEventListener("click", () => {
      clearTimeout(gone);
      element.remove();
      undo();
    });
    element.append(button);
  }
  $("toasts").append(element);
}

/** Do something on the server; whatever goes wrong becomes a toast, and a field it names gets the focus. Gives the
 *  answer, or null. */
export async function attempt(path, values, done = "") {
  try {
    const answer = await post(path, values);
    if (done || answer.done) toast(answer.done ?? done, { tone: "good" });
    return answer;
  } catch (error) {
    toast(error.message, { tone: "bad", seconds: 10 });
    const named = $(error.message.split(":")[0]);
    named?.setAttribute("aria-invalid", "true");
    named?.focus();
    return null;
  }
}
