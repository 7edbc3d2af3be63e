"""Whatever happens in whatever order, these hold. Each rule is one thing Twilio, a model, a tool or a timer may do."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.call.scene import script
from voice_agent.call.actions import (
    Action,
    CallTool,
    CancelTimer,
    CheckSecret,
    EndCall,
    HandOff,
    RecordEmergency,
    RunProposal,
    Say,
    SetTimer,
    StartReply,
)
from voice_agent.call.events import (
    AgentSpeaking,
    Announced,
    Ask,
    CallerFinished,
    CallerInterrupted,
    CallerSpeaking,
    CallerSpoke,
    CallStarted,
    DigitPressed,
    EmergencyRecorded,
    Gist,
    Happening,
    Keypad,
    ReplyCompleted,
    ReplyFailed,
    SecretChecked,
    TextArrived,
    Timer,
    TimerFired,
    TokensPlayed,
    ToolRequested,
    ToolReturned,
    Urgency,
    WriteSettled,
)
from voice_agent.call.machine import Call
from voice_agent.call.script import Rules

WORDS = st.sampled_from(["yes", "no", "where is he", "move it to friday", "my number is", "uh", "stop", ""])
TEXTS = st.sampled_from([" Tomorrow", " at nine.", " One", " moment.", " It is done.", " Stop.", " Stop. Stop.", ""])
GISTS = st.builds(
    Gist,
    lang=st.sampled_from(["en", "en", "es"]),
    urgency=st.sampled_from([Urgency.ROUTINE] * 6 + [Urgency.URGENT, Urgency.LIFE_SAFETY]),
    hazard=st.sampled_from([None, "gas", "trapped", "burst_pipe"]),
    affirms=st.sampled_from([None, None, True, True, False]),
    wants_human=st.sampled_from([False] * 9 + [True]),
    wants_repeat=st.sampled_from([False] * 6 + [True]),
    only_digits=st.booleans(),
)
ASKS = st.sampled_from([None, None, Ask(Keypad.PIN, 6), Ask(Keypad.CHOICE, 1), Ask(Keypad.NUMBER)])
SECRET = "481516"


class AnyCall(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.limits = Rules(turns=25, tool_calls=4, spoken_characters=80, completion_tokens=400, speculate=True)
        self.call = Call(script(self.limits, opening_ask=Ask(Keypad.PIN, 6)))
        self.now = 0.0
        self.timers: dict[Timer, tuple[float, int]] = {}
        self.sent: dict[int, str] = {}
        self.closed: Counter[int] = Counter()
        self.runs: list[int] = []
        self.tools: list[tuple[int, str]] = []
        self.asked_tools: set[str] = set()
        self.proposals: list[str] = []
        self.running: list[str] = []
        self.read_backs: dict[str, str] = {}
        self.secrets: list[str] = []
        self.emergencies: list[str] = []
        self.notes = 0
        self.breaks = 0
        self.count = 0
        self.last_event: Happening | None = None
        self.happens(CallStarted(greeting="Welcome. Enter your PIN."))

    def happens(self, event: Happening) -> None:
        self.now += 0.07
        before = self.call.turn
        self.last_event = event
        for action in self.call.receive(replace(event, at=self.now)):
            self.check(action, before)

    def check(self, action: Action, before: int) -> None:
        turn = self.call.turn
        match action:
            case Say(turn=of, text=text, last=last):
                assert self.closed[of] == 0, "a reply goes on after its last"
                assert before <= of <= turn, "an old turn is being spoken"
                assert last or of in (before, turn) or of > before
                self.sent[of] = self.sent.get(of, "") + text
                self.closed[of] += last
            case StartReply(turn=of, heard=heard):
                assert of == (turn + 1 if heard else turn)
                self.runs.append(of)
            case CallTool(turn=of, tool_call_id=tool_call_id):
                assert of == turn and tool_call_id not in self.asked_tools
                self.asked_tools.add(tool_call_id)
                self.tools.append((of, tool_call_id))
            case RunProposal(turn=of, proposal=proposal):
                assert of == turn and proposal in self.proposals
                self.proposals.remove(proposal)
                self.running.append(proposal)
                self.was_heard_out(proposal)
            case RecordEmergency(turn=of, hazard=hazard):
                assert of == turn and "guidance." in self.sent[of], "the guidance comes before the record"
                self.emergencies.append(hazard)
            case CheckSecret(digits=digits):
                self.secrets.append(digits)
            case SetTimer(timer=timer, seconds=seconds, turn=of):
                assert 0 <= seconds <= 1500
                self.timers[timer] = (self.now + seconds, of)
            case CancelTimer(timer=timer):
                self.timers.pop(timer, None)
            case HandOff() | EndCall():
                assert self.call.ended
            case _:
                pass

    def was_heard_out(self, proposal: str) -> None:
        """The read-back that was agreed to lost no word of its question to an interruption."""
        read_back = self.read_backs[proposal]
        said = [u for u in self.call.playout.utterances if read_back in u.text]
        assert said and (not said[-1].cut or read_back[: read_back.index("?") + 1] in said[-1].heard_text)

    # what may happen

    @rule(words=WORDS, gist=GISTS, final=st.sampled_from([True, True, False]))
    def the_caller_speaks(self, words: str, gist: Gist, final: bool) -> None:
        self.happens(CallerSpoke(words, final, gist))

    @rule(words=WORDS, gist=GISTS)
    def the_caller_finishes(self, words: str, gist: Gist) -> None:
        self.happens(CallerFinished(words))
        if words:
            self.happens(CallerSpoke(words, True, gist))

    @rule(key=st.sampled_from("0123456789#*"))
    def the_caller_presses_a_key(self, key: str) -> None:
        self.happens(DigitPressed(key))

    @rule()
    def the_caller_enters_the_secret(self) -> None:
        if self.call.keypad.secret and not self.call.ended:
            self.call.keypad.digits = ""
            for key in SECRET:
                self.happens(DigitPressed(key))

    @rule(data=st.data())
    def the_caller_interrupts(self, data: st.DataObject) -> None:
        said = [u.text for u in self.call.playout.utterances if not u.settled and u.text.strip()]
        heard = data.draw(st.sampled_from([s[: len(s) // 2].strip() for s in said] + ["", "never said"]))
        self.happens(CallerInterrupted(heard))

    @rule(on=st.booleans())
    def the_caller_begins_or_stops(self, on: bool) -> None:
        self.happens(CallerSpeaking(on))

    @rule()
    def the_rest_is_played(self) -> None:
        for utterance in list(self.call.playout.utterances):
            if not utterance.settled:
                self.happens(TokensPlayed(utterance.text[utterance.heard :]))
        self.happens(AgentSpeaking(False))

    @rule(text=TEXTS)
    def a_clause_is_played(self, text: str) -> None:
        self.happens(TokensPlayed(text))

    @precondition(lambda self: self.runs)
    @rule(text=TEXTS, data=st.data())
    def a_model_speaks(self, text: str, data: st.DataObject) -> None:
        self.happens(TextArrived(data.draw(st.sampled_from(self.runs[-4:])), text))

    @precondition(lambda self: self.runs)
    @rule(
        name=st.sampled_from(["eta", "eta", "reschedule", "hand_off", "end_call", "report_emergency"]), data=st.data()
    )
    def a_model_wants_a_tool(self, name: str, data: st.DataObject) -> None:
        self.count += 1
        arguments = '{"hazard":"gas"}' if name == "report_emergency" else "{}"
        turn = data.draw(st.sampled_from(self.runs[-4:]))
        self.happens(ToolRequested(turn, f"t{self.count}", name, arguments))

    @precondition(lambda self: self.runs)
    @rule(failed=st.sampled_from([False, False, True]), data=st.data())
    def a_run_ends(self, failed: bool, data: st.DataObject) -> None:
        turn = data.draw(st.sampled_from(self.runs[-4:]))
        self.happens(ReplyFailed(turn) if failed else ReplyCompleted(turn, 20))

    @precondition(lambda self: self.tools)
    @rule(say=st.sampled_from(["", "", "Which one?"]), ask=ASKS, proposes=st.booleans(), data=st.data())
    def a_tool_returns(self, say: str, ask: Ask | None, proposes: bool, data: st.DataObject) -> None:
        turn, tool_call_id = data.draw(st.sampled_from(self.tools[-4:]))
        proposal = None
        if proposes and say:
            self.count += 1
            proposal = f"p{self.count}"
            say = f"Shall I do number {self.count}? Say yes or press 1."
            self.proposals.append(proposal)
            self.read_backs[proposal] = say
        self.happens(ToolReturned(turn, tool_call_id, '{"ok":true}', say, ask, proposal, keep=ask is not None))

    @precondition(lambda self: self.running)
    @rule()
    def a_write_settles(self) -> None:
        self.happens(WriteSettled(self.running.pop(0), "It is saved.", "saved"))

    @precondition(lambda self: self.secrets)
    @rule(accepted=st.booleans(), ask=ASKS)
    def a_secret_was_checked(self, accepted: bool, ask: Ask | None) -> None:
        self.happens(SecretChecked(accepted, "Checked.", ask=ask))

    @precondition(lambda self: self.emergencies)
    @rule()
    def an_emergency_was_recorded(self) -> None:
        self.emergencies.pop()
        self.happens(EmergencyRecorded("gas", "It is recorded."))

    @precondition(lambda self: self.notes < 4)
    @rule()
    def someone_wants_the_caller_told(self) -> None:
        self.notes += 1
        self.happens(Announced("A note."))

    @precondition(lambda self: self.breaks < 3)
    @rule()
    def the_socket_breaks_and_comes_back(self) -> None:
        self.breaks += 1
        reply = self.call.reply
        if reply is not None and not reply.closed and reply.utterance is not None and not self.call.ended:
            self.closed[reply.turn] = 1  # its frames went down with the socket
        self.happens(CallStarted(resumed=True))

    @precondition(lambda self: self.timers)
    @rule(data=st.data())
    def a_timer_goes_off(self, data: st.DataObject) -> None:
        timer = data.draw(st.sampled_from(sorted(self.timers)))
        at, turn = self.timers.pop(timer)
        self.now = max(self.now, at)
        self.happens(TimerFired(timer, turn))

    # what must always be true

    @invariant()
    def every_reply_is_closed_once_or_still_open(self) -> None:
        open_turn = self.call.reply.turn if self.call.reply is not None and not self.call.reply.closed else None
        for turn, text in self.sent.items():
            if not self.call.ended and turn != open_turn and text:
                assert self.closed[turn] == 1, f"the reply of turn {turn} was left open"

    @invariant()
    def the_transcript_is_a_prefix_of_what_was_sent(self) -> None:
        by_turn: dict[int, str] = {}
        for utterance in self.call.playout.utterances:
            assert utterance.text.startswith(utterance.heard_text)
            by_turn[utterance.turn] = by_turn.get(utterance.turn, "") + utterance.text
        for turn, text in by_turn.items():
            assert turn == 0 or text == self.sent.get(turn, "")

    @invariant()
    def every_tool_call_has_exactly_one_result_next_to_it(self) -> None:
        messages: list[dict[str, Any]] = self.call.transcript.messages()
        for position, message in enumerate(messages):
            if message["role"] == "tool":
                assert messages[position - 1]["tool_calls"][0]["id"] == message["tool_call_id"]
                json.loads(message["content"])
            elif "tool_calls" in message:
                assert messages[position + 1]["role"] == "tool"
        ids = [used.tool_call_id for used in self.call.transcript.tool_calls()]
        assert len(ids) == len(set(ids))

    @invariant()
    def a_secret_is_nowhere(self) -> None:
        if SECRET in self.secrets:
            assert SECRET not in str(self.call.transcript.messages())

    @invariant()
    def work_is_bounded(self) -> None:
        assert self.call.turn <= self.limits.turns + 12
        for entry in self.sent.values():
            assert len(entry) < 80 + 600

    @invariant()
    def somebody_is_always_about_to_do_something(self) -> None:
        assert self.call.ended or self.timers, f"after {self.last_event} the caller waits for ever"

    def teardown(self) -> None:
        """With nobody doing anything any more, time alone ends the call."""
        for _ in range(200):
            if self.call.ended:
                return
            timer, (at, turn) = min(self.timers.items(), key=lambda item: item[1])
            del self.timers[timer]
            self.now = max(self.now, at)
            self.happens(TimerFired(timer, turn))
        raise AssertionError("the call did not end by itself")


AnyCall.TestCase.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
test_any_interleaving_keeps_the_promises = AnyCall.TestCase
