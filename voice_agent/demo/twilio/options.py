"""All of a call that has a sensible default: who is called how, what is told to whom, how the people behave."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .phones import PhoneHabits
from .queues import Bridge
from .relay.ear import Habits
from .relay.faults import RelayFault
from .timing import Timing


@dataclass(frozen=True, slots=True)
class CallOptions:
    """URLs are the number's or the REST request's."""

    direction: str = "inbound"
    """`inbound`, `outbound-api` or `outbound-dial`."""
    call_sid: str | None = None
    parent_call_sid: str = ""
    voice_method: str = "POST"
    twiml: str | None = None
    """Runs this instead of asking `voice_url`."""
    fallback_url: str = ""
    fallback_method: str = "POST"
    status_callback: str = ""
    status_callback_method: str = "POST"
    status_events: frozenset[str] = frozenset({"completed"})
    """`initiated ringing answered completed`; an inbound call only ever sends `completed`."""
    habits: Habits = Habits()
    relay_faults: frozenset[RelayFault] = frozenset()
    """Faults of this call's relay sessions, beside those ordered for the whole emulator."""
    timing: Timing = Timing()
    phone: PhoneHabits = PhoneHabits()
    """Of an outbound call: how the phone that is called behaves."""
    send_digits: str = ""
    """Of an outbound call: keys pressed towards the far end once it is answered."""
    ring_limit: float = 60.0
    """Seconds of ringing before an outbound call gives up with no-answer."""
    machine_detection: str = ""
    """`Enable` or `DetectMessageEnd`: the first webhook waits for it and carries `AnsweredBy`."""
    bridge: Bridge | None = None
    """Of a dialled leg: what it joins once it is answered, instead of running TwiML of its own."""
    extra: Mapping[str, str] = field(default_factory=dict)
    """Further fields of the first webhook, such as `ForwardedFrom`."""
