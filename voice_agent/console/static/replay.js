// A call that is over, once more along its time line: what was said and done appears when it was, eight times as fast.

import { $, all, setText, span } from "./dom.js";

const SPEED = 8;

export function startReplay() {
  const slider = $("replay-at");
  if (!slider) return;
  const most = Number($("replay").dataset.seconds);
  let timer = 0;
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    setText($("replay-play"), "Replay");
  };
  $("replay-play").addEventListener("click", () => {
    if (timer) return stop();
    if (Number(slider.value) >= most - 0.2) slider.value = "0";
    setText($("replay-play"), "Pause");
    timer = setInterval(() => {
      slider.value = String(Number(slider.value) + SPEED * 0.1);
      show(slider, most);
      if (Number(slider.value) >= most) stop();
    }, 100);
  });
  slider.addEventListener("input", () => show(slider, most));
  show(slider, most);
}

function show(slider, most) {
  const at = Number(slider.value);
  for (const piece of all(".turn[data-at], .turn [data-at]")) piece.hidden = Number(piece.dataset.at) > at + 0.05;
  setText($("replay-clock"), `${span(at)} / ${span(most)}`);
  const turns = $("turns");
  turns.scrollTop = turns.scrollHeight;
}
