"""One phone call as a machine: `Call.receive(event)` says what to do next. It waits for nothing and looks at no clock.

How to read it. A *turn* is one thing the caller said or pressed and our one reply to it. Its number is on all work done
for it; `open_turn` moves the number, and what then arrives under an older one is dropped, except the end of a write,
which belongs to the call. A *reply* is what is said in a turn: fillers, words of the model, words of the server. It may
take several runs of the model (`step`) with tools between them, and is closed by exactly one `last`.

    listening ──words or keys──▶ replying ──`last`──▶ listening
        ▲                          │  ▲ tool results
        └──────barge-in────────────┘  └────┘
    any ──a person, a farewell, a limit──▶ leaving ──played──▶ handed off or ended      leaving.py
    any ──danger──▶ guidance is said first, whatever else was going on                 danger.py

A change is read back and agreed to in confirming.py; what happens when time runs out stands in waiting.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

from voice_agent.call import confirming, danger, leaving, speculating, waiting, weighing
from voice_agent.call.actions import (
    Action,
    CallTool,
    CancelReply,
    CancelTimer,
    CheckSecret,
    Say,
    SetTimer,
    StartReply,
    SwitchLanguage,
)
from voice_agent.call.events import (
    AgentSpeaking,
    Announced,
    CallEnded,
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
    Whispered,
    WriteSettled,
)
from voice_agent.call.keypad import Collected, Collector
from voice_agent.call.playout import Playout, Utterance
from voice_agent.call.reply import Awaiting, Held, Proposal, Reply, Speculation
from voice_agent.call.script import Script
from voice_agent.call.transcript import CANCELLED, Transcript
from voice_agent.call.weighing import Weighed

ACCEPTED = '{"status":"ok"}'
GUIDED = '{"status":"ok","note":"the safety words for this were spoken already; go on helping"}'
TOO_MANY = '{"status":"refused","why":"too many tool calls in one turn"}'
YES_KEY, NO_KEY = "1", "2"


class Call:
    """One call, from its first `setup` to its end, over any number of sockets."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.rules = script.rules
        self.lang = script.lang
        self.turn = 0
        self.transcript = Transcript()
        self.playout = Playout()
        self.keypad = Collector()
        self.reply: Reply | None = None
        self.proposal: Proposal | None = None
        self.guess: Speculation | None = None
        self.suspected: CallerSpoke | None = None
        """A partial prompt that named a danger; its final decides, or a deadline."""
        self.emergency: str | None = None
        self.guided: set[str] = set()
        self.leaving: tuple[str, str] | None = None
        """(hand_off | end_call, reason) once the farewell is on its way."""
        self.ended = False
        self.completion_tokens = 0
        self.silences = 0
        self.owed: list[str] = []
        """Sentences the caller is still to hear: the end of a write that they talked over."""
        self.writes_out: set[str] = set()
        self.last_partial = ""
        self.weighed = Weighed.on(script.role)
        self._last_final = ("", float("-inf"))
        self._key: tuple[int, float, bool] | None = None
        """The last key pressed over our speech: utterances sent before it, its moment, and whether it meant nothing."""
        self._kept = False
        """A request waits for the proof that was asked for."""
        self._orders: list[Action] = []

    @property
    def listening(self) -> bool:
        return self.reply is None or self.reply.closed

    @property
    def expecting(self) -> str | None:
        """What the caller was asked last: a prior for reading the next words, never a gate."""
        if self.proposal is not None:
            return "yes_no"
        return {Keypad.CHOICE: "slot_choice", Keypad.NUMBER: "digits"}.get(self.keypad.ask.kind)

    def receive(self, event: Happening) -> list[Action]:
        """Take a fact, give the orders that follow from it. After the call has ended there are none."""
        self._orders = orders = list[Action]()
        if isinstance(event, CallStarted) and event.back:
            self._returned(event)
            return orders
        if self.ended:
            return orders
        match event:
            case TextArrived() | ReplyCompleted() | ReplyFailed() | ToolRequested():
                self.of_the_model(event, event.at)
            case TokensPlayed(text=text):
                self.playout.played(text, event.at)
                self._check_quiet(event.at)
            case AgentSpeaking(on=on):
                self.playout.reported = True
                if not on:
                    self._check_quiet(event.at)
            case CallerSpeaking(on=on):
                self._caller_speaking(on, event.at)
            case CallerSpoke():
                self._caller_spoke(event)
            case CallerFinished(text=text):
                speculating.begin(self, text.strip())
            case CallerInterrupted():
                self._interrupted(event)
            case DigitPressed():
                self._digit(event)
            case ToolReturned():
                self._tool_returned(event)
            case WriteSettled():
                self._write_settled(event)
            case SecretChecked():
                self._secret_checked(event)
            case EmergencyRecorded():
                danger.recorded(self, event)
            case Whispered(note=note):
                self.transcript.note(self.turn, note)
            case Announced(then_hand_off=None, then_end=None):
                self.tell(event.say, event.at)
            case Announced():
                self._announced(event)
            case TimerFired():
                waiting.fired(self, event)
            case CallStarted():
                self._started(event)
            case CallEnded():
                self.cancel_work()
                confirming.drop(self)
                self.playout.finish(event.at)
                self.ended = True
            case _:
                assert_never(event)
        return orders

    # -- sockets ---------------------------------------------------------------------------------------------------

    def _started(self, event: CallStarted) -> None:
        if event.resumed:
            self._resumed(event)
            return
        self.order(SetTimer(Timer.LIMIT, self.rules.call_seconds, self.turn))
        if event.greeting:
            greeting = self.playout.begin(self.turn, event.at)
            greeting.grow(event.greeting, event.at)
            self.transcript.agent(greeting)
        self.keypad.expect(self.script.opening_ask)
        self.await_caller(event.at)

    def recall(self, said: Sequence[tuple[str, int, str]], *, lang: str, hazards: Sequence[str], turn: int) -> None:
        """What is known of this call from a process that died: (caller or agent, turn, words), the oldest first."""
        for who, when, words in said:
            if who == "caller":
                self.transcript.caller(when, words)
            else:
                self.transcript.agent(Utterance(when, 0.0, words, heard=len(words), settled=True))
        self.turn = turn
        self.lang = lang if self.script.speaks(lang) else self.lang
        self.guided.update(hazards)
        self.emergency = self.emergency or next(iter(hazards), None)
        self.transcript.note(turn, "The line was cut and is back. Handles and offers from before are void: look again.")

    def _resumed(self, event: CallStarted) -> None:
        """Another socket of the same call: what was on its way when the last one broke was lost with it."""
        at = event.at
        lost = self.playout.finish(at)
        unanswered = self.reply is not None and not self.reply.closed and self.reply.awaiting is None
        whole = lost[-1].text.strip() if lost and lost[-1].turn > 0 else ""
        question = whole or self.transcript.last_said().rstrip("—")
        confirming.drop(self)
        if self.reply is not None:
            self.cancel_work()
            self.reply.closed = True
        self.open_turn(at)
        self.transcript.note(self.turn, "The line was cut and is back; the last words may not have been heard.")
        self.say(self.phrase("resumed"), at)
        for sentence in event.told:
            self.say(sentence, at)
        if event.told:
            self.say(self.phrase("resumed.else"), at)
            self.close(at)
            return
        if event.wanted:
            self.say(self.phrase(f"resumed.wanted.{event.wanted}"), at)
        if event.wish:
            self.transcript.caller(self.turn, event.wish)
            self.generate(at)
            return
        if unanswered and self.leaving is None:
            self.generate(at)
            return
        if self.leaving is None and question and not self.owed:
            self.say(f"{self.phrase('resumed.question')} {question}", at)
        self.close(at)

    def _returned(self, event: CallStarted) -> None:
        """The caller was with people, or waited for one, and is back: the same call, the same memory, a new turn."""
        self.ended, self.leaving, self.silences = False, None, 0
        self.playout.finish(event.at)
        self.cancel_work()
        if self.reply is not None:
            self.reply.closed = True
        self.order(SetTimer(Timer.LIMIT, self.rules.call_seconds, self.turn))
        self.open_turn(event.at)
        self.transcript.note(self.turn, "The caller was handed over to people and has come back.")
        self.say(self.phrase(event.back), event.at)
        self.close(event.at)

    # -- the caller ------------------------------------------------------------------------------------------------

    def _caller_speaking(self, on: bool, at: float) -> None:
        if self.leaving is not None or not self.listening:
            return
        if on:
            self._key = None
            self.order(SetTimer(Timer.SILENCE, self.rules.speaking_at_most, self.turn))
        else:
            self.await_caller(at)

    def _caller_spoke(self, event: CallerSpoke) -> None:
        words, gist, at = event.text.strip(), event.gist, event.at
        if not words:
            return
        if not event.final:
            self._partial(event, words)
            return
        answered = self.listening and not self.playout.unheard(at)
        if not answered and words == self._last_final[0] and at - self._last_final[1] < self.rules.duplicate_within:
            return  # the same sentence delivered twice; said again after its answer was heard it is a new one
        self._last_final = (words, at)
        self._caller_is_there()
        self.suspected = None
        self._switch_language(gist.lang)
        weighing.words(self, words, gist, joined=self._unspoken)
        if gist.urgency is Urgency.LIFE_SAFETY and gist.hazard:
            danger.guide(self, gist.hazard, at, words=words)
        elif self.leaving is not None:
            return
        elif gist.wants_human:
            self.take_words(words, at)
            leaving.hand_off(self, "caller_asked", at)
        elif self.keypad.secret and gist.only_digits:
            self._secret_spoken(at)
        elif self.proposal is not None:
            confirming.answer(self, words, gist, at)
        elif self._wants_repeat(gist):
            last = self.transcript.last_said().rstrip("—")
            self.take_words(words, at)
            self.say(last, at)
            self.close(at)
        elif weighing.hopeless(self) and not gist.takes_leave:
            self.take_words(words, at)
            if self.leaving is None:
                weighing.give_up(self, at)
        elif not speculating.confirmed(self, words, gist, at):
            self.take_words(words, at)
            danger.advise(self, gist, at)
            self._answer(at)

    def _wants_repeat(self, gist: Gist) -> bool:
        """ "Again" while a code is awaited means the text message more often than our words: the model tells which."""
        awaits_code = self.keypad.ask.kind is Keypad.CODE
        return gist.wants_repeat and self.listening and not awaits_code and bool(self.transcript.last_said())

    def _partial(self, event: CallerSpoke, words: str) -> None:
        if self.listening and self.leaving is None:
            self.order(SetTimer(Timer.SILENCE, self.rules.silence[0], self.turn))
        if event.gist.urgency is Urgency.LIFE_SAFETY and event.gist.hazard not in self.guided:
            if self.suspected is None:
                self.order(SetTimer(Timer.TRIAGE, self.rules.partial_triage, self.turn))
            self.suspected = event
        elif self.rules.speculate and self.leaving is None and self.proposal is None and not self.keypad.secret:
            speculating.consider(self, words)

    def _secret_spoken(self, at: float) -> None:
        """Digits said aloud where keys were asked for: they are nobody's to keep."""
        self.open_turn(at)
        self.transcript.caller(self.turn, "(spoke digits instead of pressing them)")
        self._check_limit(at)
        self.say(self.phrase("keypad.please"), at)
        self.close(at)

    def _answer(self, at: float) -> None:
        if self.rules.hold > 0 and self.leaving is None:
            self.due()
            self.order(SetTimer(Timer.HOLD, self.rules.hold, self.turn))
        else:
            self.generate(at)

    def _digit(self, event: DigitPressed) -> None:
        at = event.at
        self._caller_is_there()
        over_speech = self.playout.unheard(at)
        meaningless = event.digit == "#" and not self.keypad.waiting
        self._key = (len(self.playout.utterances), at, meaningless) if over_speech else None
        if self.leaving is not None:
            return
        asked = self.proposal is None or self.proposal.question_heard
        if over_speech and not asked and self.keypad.ask.kind is Keypad.CONFIRM:
            self.await_caller(at)  # pressed before the question was heard: it answers nothing
            return
        if self.keypad.ask.kind is Keypad.OPEN and self.rules.keypad_pause == 0:
            self._key = self._key and (self._key[0], at, False)
            entry: Collected | None = Collected(Keypad.OPEN, event.digit)
        else:
            entry = self.keypad.press(event.digit)
        if entry is not None:
            self.entered(entry, at)
        elif self.keypad.waiting:
            # Between the keys of an entry whose length is known people look for the next digit: wait longer.
            pause = self.rules.silence[0] if self.keypad.ask.length else self.rules.keypad_pause
            self.order(SetTimer(Timer.KEYPAD, pause, self.turn))
        elif self.listening:
            self.await_caller(at)

    def entered(self, entry: Collected, at: float) -> None:
        """An entry is complete; its meaning is that of the question it answers."""
        self.order(CancelTimer(Timer.KEYPAD))
        weighing.keys(self)
        match entry.kind:
            case Keypad.PIN | Keypad.CODE if entry.digits != self.rules.person_key:
                self.open_turn(at)
                self._check_limit(at)
                self.wait_for(Awaiting.SECRET, self.rules.secret_within)
                self.order(CheckSecret(self.turn, entry.kind, entry.digits))
            case Keypad.CONFIRM if self.proposal is not None and entry.digits != self.rules.person_key:
                said = {YES_KEY: True, NO_KEY: False}.get(entry.digits)
                gist = Gist(lang=self.lang, affirms=said, wants_repeat=said is None)
                confirming.answer(self, f"(pressed {entry.digits})", gist, at)
            case _ if entry.digits == self.rules.person_key and entry.kind is not Keypad.NUMBER:
                self.take_words(f"(pressed {entry.digits})", at)
                leaving.hand_off(self, "caller_pressed_0", at)
            case _:
                confirming.drop(self)
                self.keypad.expect(None)
                self.take_words(f"(pressed {entry.digits})", at)
                self.generate(at)

    def _caller_is_there(self) -> None:
        self.silences = 0
        self.order(CancelTimer(Timer.SILENCE))

    # -- barge-in --------------------------------------------------------------------------------------------------

    def _interrupted(self, event: CallerInterrupted) -> None:
        """Twilio has thrown away all that was queued, except what was sent after the key that interrupts."""
        at, key, self._key = event.at, self._key, None
        if key is not None and at - key[1] > self.rules.key_interrupts_within:
            key = None
        cut = self.playout.interrupted(event.heard, at, keep_from=key[0] if key else None)
        if cut and key is None:
            weighing.cut(self)
        reply = self.reply
        lost = reply is not None and reply.utterance is not None and reply.utterance in cut
        if self.leaving is not None:
            if lost:
                leaving.now(self)
        elif self.proposal is not None and self.proposal.utterance in cut and not self.proposal.heard_out:
            confirming.voided(self, at, by_key=key is not None)
        elif key is not None and key[2] and lost:
            self._say_again(cut[-1], at)
        elif lost and reply is not None and not reply.closed:
            self.open_turn(at)
            self.await_caller(at)
        elif self.listening:
            self.await_caller(at)

    def _say_again(self, cut: Utterance, at: float) -> None:
        """A key that means nothing (the `#` behind a complete PIN) purged our words: they are sent once more."""
        if self.reply is not None and not self.reply.closed:
            self.reply.utterance = None
            self.say(cut.text, at)
        else:
            self.open_turn(at)
            self.say(cut.text, at)
            self.close(at)

    # -- turns and replies: what the other files of this folder build on -------------------------------------------

    def order(self, action: Action) -> None:
        self._orders.append(action)

    def phrase(self, key: str) -> str:
        return self.script.line(key, self.lang, self.turn)

    def open_turn(self, at: float) -> None:
        """All work of the turn so far becomes history: its run is stopped, its reads given up, its reply closed."""
        self.cancel_work()
        if self.reply is not None and not self.reply.closed and self.reply.utterance is not None:
            self.order(Say(self.reply.turn, "", last=True))
        self.order(CancelTimer(Timer.FILLER))
        self.reply = None
        self.turn += 1

    @property
    def _unspoken(self) -> bool:
        """A reply is due and nothing of it was said: more words join the ones it answers."""
        return self.reply is not None and not self.reply.closed and self.reply.utterance is None

    def take_words(self, words: str, at: float, *, limited: bool = True) -> None:
        """Open the turn these words begin; they join the last ones if nothing was said since (Flux splits finals)."""
        unspoken = self._unspoken
        self.open_turn(at)
        if unspoken:
            self.transcript.join(self.turn, words)
        else:
            self.transcript.caller(self.turn, words, keys=words.startswith("(pressed"))
        if limited:
            self._check_limit(at)

    def _check_limit(self, at: float) -> None:
        """The caller has begun a turn too many. What the server has to tell, and danger, are not turned away."""
        if self.turn >= self.rules.turns and self.leaving is None:
            leaving.hand_off(self, "turn_limit", at, phrase="limit")

    def due(self) -> Reply:
        """The current turn's reply, made when first needed. Nothing said within 0.8 s earns a filler."""
        if self.reply is None or self.reply.turn != self.turn:
            self.reply = Reply(self.turn)
            self.order(SetTimer(Timer.FILLER, self.rules.filler_after, self.turn))
            self.order(SetTimer(Timer.WATCHDOG, self.rules.reply_within, self.turn))
        return self.reply

    def wait_for(self, what: Awaiting, seconds: float) -> None:
        """The server has something of its own to finish before this reply can be closed."""
        self.due().awaiting = what
        self.order(SetTimer(Timer.TOOLS, seconds, self.turn))

    def generate(self, at: float) -> None:
        reply = self.due()
        if self.leaving is not None or reply.closed:
            return
        if self.completion_tokens >= self.rules.completion_tokens:
            leaving.hand_off(self, "token_limit", at, phrase="limit")
            return
        reply.generating, reply.model_spoke = True, False
        self.order(StartReply(self.turn, reply.step))

    def say(self, text: str, at: float, *, interruptible: bool | None = None) -> None:
        """Words of the server, whole sentences; a blank is put between them and what was said before."""
        if text:
            reply = self.due()
            before = reply.utterance.text if reply.utterance else ""
            self._send(text if not before or before[-1].isspace() else f" {text}", at, interruptible)

    def _send(self, text: str, at: float, interruptible: bool | None = None) -> None:
        reply = self.due()
        if reply.closed:
            return
        if reply.utterance is None:
            reply.utterance = self.playout.begin(self.turn, at)
            self.transcript.agent(reply.utterance)
            self.order(CancelTimer(Timer.FILLER))
            self.order(CancelTimer(Timer.SILENCE))
        reply.utterance.grow(text, at)
        self.order(Say(self.turn, text, interruptible=interruptible))

    def close(self, at: float) -> None:
        """Close the reply, once; then wait for the caller, or go."""
        reply = self.due()
        if reply.closed:
            return
        if self.leaving is None:
            if weighing.question_put(self, reply, at):
                leaving.hand_off(self, "not_understood", at)
                return
            self.say_owed(at)
            weighing.note(self)
        if reply.utterance is None:
            self.say(self.phrase("error.empty"), at)
        self.cancel_work()
        reply.closed, reply.awaiting = True, None
        self.order(Say(reply.turn, "", last=True))
        for timer in (Timer.FILLER, Timer.WATCHDOG, Timer.TOOLS):
            self.order(CancelTimer(timer))
        if self.leaving is not None:
            wait = self.playout.quiet_at(at) - at + self.rules.leave_margin
            self.order(SetTimer(Timer.LEAVE, wait, self.turn))
        else:
            self.await_caller(at)

    def cancel_work(self) -> None:
        """Stop the run and the reads of this turn. A write goes on; its end is told when it comes."""
        speculating.give_up(self)
        reply = self.reply
        if reply is None:
            return
        if reply.generating or reply.tools_pending:
            self.order(CancelReply(reply.turn))
        reply.generating = False
        for used in reply.tools_pending.values():
            used.result = CANCELLED
        reply.tools_pending.clear()

    def tell(self, sentence: str, at: float) -> None:
        """Something the caller did not just ask for: said now if nobody speaks, else behind what is being said."""
        if self.leaving is None and self.listening and not self.playout.unheard(at):
            self.open_turn(at)
            self.say(sentence, at)
            self.close(at)
        else:
            if sentence not in self.owed:
                self.owed.append(sentence)
            if self.listening and self.leaving is None:
                self.order(SetTimer(Timer.SILENCE, self.playout.quiet_at(at) - at + 0.1, self.turn))

    def say_owed(self, at: float) -> None:
        owed, self.owed = self.owed, []
        for sentence in owed:
            self.say(sentence, at)

    def await_caller(self, at: float) -> None:
        """From the moment the agent has finished talking the caller has so long to say something."""
        marks = (0.0, *self.rules.silence, self.rules.silence[-1] + self.rules.silence[0])
        step = min(self.silences, len(self.rules.silence))
        wait = marks[step + 1] - marks[step]
        self.order(SetTimer(Timer.SILENCE, self.playout.quiet_at(at) - at + wait, self.turn))

    def _check_quiet(self, at: float) -> None:
        """A report came: if all that was sent has been played, the waiting starts now."""
        if not self.playout.all_reported() or not self.listening:
            return
        if self.leaving is not None:
            leaving.now(self)
        elif self.owed:
            self.open_turn(at)
            self.say_owed(at)
            self.close(at)
        else:
            self.await_caller(at)

    # -- the model -------------------------------------------------------------------------------------------------

    def of_the_model(self, event: Held, at: float) -> None:
        """Words, tool calls and endings of a run: heard only if the run is that of the open reply of this turn."""
        if isinstance(event, ReplyCompleted):
            self.completion_tokens += event.completion_tokens
        if speculating.holds(self, event):
            return
        reply = self.reply
        if event.turn != self.turn or reply is None or reply.closed or not reply.generating:
            return
        match event:
            case TextArrived(text=text):
                self._model_spoke(reply, text, at)
            case ToolRequested():
                self._tool_requested(reply, replace(event, at=at))
            case ReplyCompleted():
                reply.generating = False
                self._step_over(reply, at)
            case ReplyFailed():
                reply.generating = False
                self.say(self.phrase("error.model"), at)
                self.close(at)
            case _:
                assert_never(event)

    def _model_spoke(self, reply: Reply, text: str, at: float) -> None:
        said = len(reply.utterance.text) if reply.utterance else 0
        reply.of_model = True
        if not reply.model_spoke:
            reply.model_spoke = True
            if reply.utterance is not None and not text[:1].isspace() and not reply.utterance.text[-1:].isspace():
                text = " " + text
        if said + len(text) <= self.rules.spoken_characters:
            self._send(text, at)
            return
        room = text[: max(0, self.rules.spoken_characters - said)]
        if whole_words := room[: room.rfind(" ") + 1]:
            self._send(whole_words, at)
        self.close(at)

    def _step_over(self, reply: Reply, at: float) -> None:
        """A run has ended or a tool came back: once nothing is out, go on, ask the caller, leave, or close."""
        if reply.generating or reply.tools_pending or reply.closed:
            return
        outcomes, reply.outcomes = reply.outcomes, []
        spoken = [outcome for outcome in outcomes if outcome.say]
        if reply.leave is not None:
            leaving.as_the_model_asked(self, at)
        elif spoken:
            self._ask_caller(spoken, at)
        elif outcomes:
            reply.step += 1
            self.generate(at)
        else:
            self.close(at)

    def _ask_caller(self, outcomes: list[ToolReturned], at: float) -> None:
        """The server's own words end the turn: a read-back, a request for a proof, a choice."""
        self.due().server_asked = True
        if any(outcome.proposal for outcome in outcomes) and weighing.asks_again(self, outcomes, at):
            self.close(at)
            return
        for outcome in outcomes:
            self.say(outcome.say, at)
            if outcome.ask is not None:
                self.keypad.expect(outcome.ask)
            self._kept = self._kept or outcome.keep
            if outcome.proposal is not None:
                confirming.propose(self, outcome)
        self.close(at)

    # -- tools, writes, proofs ---------------------------------------------------------------------------------------

    def _tool_requested(self, reply: Reply, event: ToolRequested) -> None:
        if event.tool_call_id in reply.tools_pending:
            return
        used = self.transcript.tool(self.turn, event.tool_call_id, event.name, event.arguments)
        reply.tool_calls += 1
        if reply.tool_calls > self.rules.tool_calls:
            used.result = TOO_MANY
            reply.leave = reply.leave or (leaving.HAND_OFF, "tool_limit")
        elif event.name in (leaving.HAND_OFF, leaving.END_CALL):
            used.result = ACCEPTED
            reply.leave = reply.leave or (event.name, "model_asked")
        elif event.name == "report_emergency":
            used.result = ACCEPTED
            hazard = next((h for h in self.script.hazards if f'"{h}"' in event.arguments), "injury")
            if hazard not in self.guided:  # the model may raise an alarm, never lower one
                danger.guide(self, hazard, event.at, words=None)
            else:
                used.result = GUIDED
                reply.outcomes.append(ToolReturned(self.turn, event.tool_call_id, GUIDED))
        else:
            reply.tools_pending[event.tool_call_id] = used
            if reply.tool_calls == 1:
                self.order(SetTimer(Timer.TOOLS, self.rules.tools_within, self.turn))
            self.order(SetTimer(Timer.FILLER, self.rules.filler_after, self.turn))
            self.order(CallTool(self.turn, event.tool_call_id, event.name, event.arguments))

    def _tool_returned(self, event: ToolReturned) -> None:
        reply = self.reply
        if event.turn != self.turn or reply is None or event.tool_call_id not in reply.tools_pending:
            return  # its turn is over, and the call already has its one result
        reply.tools_pending.pop(event.tool_call_id).result = event.content
        reply.outcomes.append(event)
        weighing.returned(self, event)
        self._step_over(reply, event.at)

    def _write_settled(self, event: WriteSettled) -> None:
        """A confirmed change has ended, in this turn or long after it: the caller hears of it once."""
        self.transcript.note(self.turn, event.note)
        reply = self.reply
        waited_for = event.proposal in self.writes_out
        self.writes_out.discard(event.proposal)
        if event.applied:
            weighing.made(self)
        if waited_for and reply is not None and not reply.closed and reply.awaiting is Awaiting.WRITE:
            reply.awaiting = None
            self.order(CancelTimer(Timer.TOOLS))
            self.say(event.say, event.at)
            if event.instead is not None and self.leaving is None:
                confirming.propose_instead(self, event.instead, event.at)
            else:
                reply.step += 1
                self.generate(event.at)
        elif event.instead is not None:
            self.tell(confirming.offer_instead(self, event), event.at)
        else:
            self.tell(event.say, event.at)

    def _secret_checked(self, event: SecretChecked) -> None:
        self.keypad.expect(event.ask)
        if event.note:
            self.transcript.note(self.turn, event.note)
        reply = self.reply
        if reply is None or reply.closed or reply.awaiting is not Awaiting.SECRET:
            return
        reply.awaiting = None
        self.order(CancelTimer(Timer.TOOLS))
        self.say(event.say, event.at)
        if event.locked:
            leaving.hand_off(self, "locked_out", event.at)
        elif event.accepted and self._kept:
            self._kept = False
            self.generate(event.at)
        else:
            self.close(event.at)

    def _announced(self, event: Announced) -> None:
        if self.leaving is not None:
            return
        self.open_turn(event.at)
        if event.then_end is not None:
            leaving.end(self, event.then_end, event.say, event.at)
        elif event.then_hand_off is not None:
            self.say(event.say, event.at)
            leaving.hand_off(self, event.then_hand_off, event.at)

    def _switch_language(self, lang: str) -> None:
        if lang != self.lang and self.script.speaks(lang):
            self.lang = lang
            self.order(SwitchLanguage(lang))
