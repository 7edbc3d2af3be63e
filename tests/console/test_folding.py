"""What a call looks like from what was noted of it: words that were heard, figures, charts."""

from dataclasses import replace
from typing import Any

from voice_agent.console import charts
from voice_agent.console.charts import Series
from voice_agent.console.digest import Digest, digest
from voice_agent.console.entries import Entry, Kept
from voice_agent.console.figures import figures
from voice_agent.console.folding import fold
from voice_agent.overrides import Current

NOW = 1_700_000_000.0
PRICES = Current(phase="autonomous", pilot=(), sends=True, minute_cost=0.1, prompt_cost=1.0, completion_cost=2.0)


def call(*entries: tuple[str, dict[str, Any]], sid: str = "CA1") -> Kept:
    made = [Entry(sid, kind, NOW + at, data, at + 1) for at, (kind, data) in enumerate(entries)]
    return Kept(sid, "customer", NOW, tuple(made))


STARTED = ("call_started", {"caller": "+13125550142", "line": "customer", "greeting": "Hello. How can I help?"})
ASKED = ("caller", {"turn": 1, "text": "Move my visit", "intent": "reschedule", "confidence": 0.9, "lang": "en"})


def test_words_after_a_cut_are_kept_apart_from_those_that_were_heard() -> None:
    view = fold(call(STARTED, ("interrupted", {"turn": 0, "heard": "Hello."}), ASKED))
    assert view.turns[0].said[0].parts == ("Hello.", " How can I help?")
    assert view.turns[0].said[0].cut and view.wants == "reschedule"


def test_clauses_that_were_played_move_what_is_heard_and_then_it_is_the_callers_turn() -> None:
    said = ("agent", {"turn": 1, "text": "On Tuesday.  Between ten and noon."})
    view = fold(call(STARTED, ASKED, said, ("played", {"text": "On Tuesday."})))
    assert view.turns[-1].said[0].parts == ("On Tuesday.", "  Between ten and noon.")
    assert view.state == "talking"
    view = fold(call(STARTED, ("played", {"text": "Hello. How can I help?"})))
    assert view.state == "listening"


def test_an_entry_that_comes_twice_counts_once_and_an_unknown_kind_does_no_harm() -> None:
    kept = call(STARTED, ASKED, ("something_new", {"a": 1}))
    view = fold(replace(kept, entries=(*kept.entries, *kept.entries)))
    assert [turn.caller for turn in view.turns] == ["", "Move my visit"]


def changed(*, ends: tuple[str, dict[str, Any]] = ("call_ended", {"reason": "hangup"}), sid: str = "CA1") -> Digest:
    proposed = ("proposed", {"turn": 2, "proposal": "p", "tool": "reschedule", "changes": []})
    written = ("write", {"proposal": "p", "status": "applied", "note": ""})
    return digest(fold(call(STARTED, ASKED, proposed, written, ends, sid=sid)))


def test_a_change_that_was_made_without_a_person_is_resolved_and_timed() -> None:
    one = changed()
    assert (one.outcome, one.writes, one.change_seconds) == ("resolved", ("reschedule",), 2.0)
    handed = changed(ends=("handed_off", {"reason": "caller_asked", "queue": "dispatch"}))
    assert handed.outcome == "person"


def test_a_wish_to_move_a_visit_that_ended_in_talk_is_not_resolved() -> None:
    looked = ("tool", {"turn": 1, "id": "1", "tool": "free_slots", "arguments": "{}"})
    found = ("tool_result", {"turn": 1, "id": "1", "ms": 5, "content": '{"status":"ok"}'})
    assert digest(fold(call(STARTED, ASKED, looked, found))).outcome == "contained"


def test_figures_take_shares_of_what_there_is_and_none_of_nothing() -> None:
    assert figures([], PRICES).containment is None
    good, person = changed(), changed(ends=("handed_off", {"reason": "caller_asked"}), sid="CA2")
    told = figures([good, replace(person, number="+13125550999")], PRICES)
    assert (told.containment, told.resolution, told.deflection, told.wrong_containment) == (0.5, 0.5, 0.5, 0.0)
    assert told.cost == 0.2, "two begun minutes"


def test_a_contained_caller_who_comes_back_the_same_day_was_wrongly_contained() -> None:
    first = replace(changed(), outcome="contained", writes=())
    again = replace(first, call_sid="CA2", started=first.started + 3600)
    assert figures([first, again], PRICES).wrong_containment == 0.5
    late = replace(again, started=first.started + 100_000)
    assert figures([first, late], PRICES).wrong_containment == 0.0


def test_charts_escape_what_they_are_given_and_leave_gaps_as_gaps() -> None:
    drawn = charts.lines(["<b>"] * 4, [Series("a&b", [1.0, 2.0, None, 3.0], "one")], unit="ms", title='"x"')
    assert "<b>" not in drawn and "&lt;b&gt;" in drawn and "a&amp;b" in drawn
    assert drawn.count("<circle") == 3 and drawn.count("<path") == 1
    assert charts.nice(0) == 1.0 and charts.nice(130) == 200.0 and charts.nice(7) == 10.0
