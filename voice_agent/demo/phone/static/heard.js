// How far the agent's words were played. A turn's `said` is what was sent; its first `heard` characters were heard,
// `playing` is the clause being spoken, and once `cut` the rest will never be heard.

/** The turn whose unheard words begin with or hold `clause`, and where; one that was cut only if no other does. */
export function findClause(turns, clause) {
  const all = [...turns];
  for (const cut of [false, true]) {
    for (const turn of all) {
      const place = turn.cut === cut && turn.said ? locate(turn.said, clause, turn.heard) : null;
      if (place) return [turn, place];
    }
  }
  return null;
}

export function started(turn, place) {
  turn.cut = false;
  turn.playing = place;
}

/** `text` is the clause, or of one that was cut the words that were heard of it. */
export function played(turn, text, cut) {
  const place = locate(turn.said, text, turn.heard);
  if (place) turn.heard = place[1];
  turn.playing = null;
  turn.cut ||= cut;
}

/** Nothing more of it is played. False if there was nothing left. */
export function cutShort(turn) {
  if (turn.cut || !turn.said.slice(turn.heard).trim()) return false;
  turn.cut = true;
  turn.playing = null;
  return true;
}

/** The whole reply as the server has it takes the place of the pieces that came here. */
export function completed(turn, text) {
  const moved = (at) => carried(turn.said, at, text);
  turn.heard = moved(turn.heard);
  turn.playing &&= turn.playing.map(moved);
  turn.said = text;
}

/** [start, end] of `fragment` in `text` at or after `from`, blanks not counting; null if it is not there. */
function locate(text, fragment, from) {
  const wanted = fragment.trim();
  if (!wanted) return null;
  const at = text.indexOf(wanted, from);
  if (at >= 0) return [at, at + wanted.length];
  const letters = [...wanted.replace(/\s+/g, "")].map((letter) => letter.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const pattern = new RegExp(letters.join("\\s*"), "gu");
  pattern.lastIndex = from;
  const match = pattern.exec(text);
  return match ? [match.index, match.index + match[0].length] : null;
}

/** Where offset `at` of `before` lies in `after`: the same words with other blanks, or with more in front of them. */
function carried(before, at, after) {
  if (at === 0 || after.startsWith(before)) return at;
  const letters = (text) => text.replace(/\s/g, "").length;
  let left = letters(before.slice(0, at)) + Math.max(0, letters(after) - letters(before));
  let offset = 0;
  while (offset < after.length && left > 0) {
    if (!/\s/.test(after[offset])) left -= 1;
    offset += 1;
  }
  return offset;
}
