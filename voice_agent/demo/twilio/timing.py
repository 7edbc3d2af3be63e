"""How long things take on the telephone network: one table of seconds, each inside the range that was recorded."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds. Sources: sheet section 2.6 and the corrections in the README of the recordings."""

    webhook_to_setup: float = 0.45
    """Recorded 0.41-1.54 s from the TwiML to `setup`; 0.41 s on a second socket of the same call."""
    setup_to_greeting: float = 0.5
    """Recorded 0.03-0.76 s."""
    first_audio: float = 0.32
    """First `text` to `agentSpeaking on`, recorded 0.251-0.483 s."""
    first_tone: float = 0.27
    """`sendDigits` into silence to the first tone (idle-digits: 2.17 s in all, five keys of 0.38 s)."""
    clause_start: float = 0.36
    clause_per_character: float = 0.043
    """A clause lasts 0.36 s + 43 ms a character: 67 recorded clauses, worst miss 0.32 s."""
    text_settles: float = 0.2
    """How long text that ends in a stop may wait for more before it counts as a clause (our figure)."""
    per_key: float = 0.38
    """Between two keys or tones."""
    per_pause: float = 0.5
    """`w` in a string of digits."""
    key_to_interrupt: float = 0.001
    """`dtmf` to `tokensPlayed` and `interrupt` (greeting-dtmf, dial-string-pin)."""
    agent_off_after_interrupt: float = 0.002
    preempted_after: float = 0.098
    """A later message arrives to the old speech stopping (preempt-marked)."""
    preempting_speech_after: float = 0.42
    """A later message arrives to its own first audio (preempt-marked, by the clause rate)."""
    first_word: float = 0.35
    """The caller opens their mouth to the first recognised word (our figure)."""
    per_word: float = 0.25
    """Between two partials; recorded 0.162-0.518 s."""
    last_partial_to_final: float = 0.5
    """Recorded 0.358-0.837 s."""
    between_split_finals: float = 0.6
    """Between the two finals of one utterance that Flux split (our figure)."""
    bad_frame_to_error: float = 0.09
    last_error_to_close: float = 0.065
    """Recorded in malformed-frames."""
    end_to_close: float = 0.09
    """`end` to close 1000, recorded 87-92 ms."""
    close_to_action: float = 0.5
    """After a close of 1000; recorded 54 ms-1.2 s."""
    too_many_bad_to_action: float = 0.163
    lost_socket_to_action: float = 1.19
    """After 1006 (socket-drop)."""
    end_to_status_callback: float = 0.4
    """The call is over to its `completed` callback; recorded 0.3-1.3 s after the action."""
    ring: float = 1.5
    """An outside phone rings this long before it answers, unless it was told otherwise (our figure)."""
    say_start: float = 0.3
    """A `<Say>` verb starts to its first audio (our figure)."""

    def clause(self, text: str) -> float:
        return self.clause_start + self.clause_per_character * len(text)
