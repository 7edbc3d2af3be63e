"""Scripted callers on the emulated Twilio, for tests that look at their calls from the other side."""

from typing import Any

from tests.phone.running import Demo, post, until

VOUCHED = "TN-Validation-Passed-A"
SETTLED = 0.3
"""Real seconds without a word after which the agent has finished: the server thinks no faster for a quick clock."""
QUICK = 20.0
"""Seconds of the emulated Twilio to one of ours. The server's own time is real."""


class Callers:
    def __init__(self, demo: Demo, speed: float = QUICK) -> None:
        self.demo = demo
        info = demo.info()
        self._twilio = info["twilio"]["base_url"]
        self._lines = {line["role"]: line["number"] for line in info["lines"]}
        self._people = {one["name"]: one for one in info["callers"]}
        self._calls: list[str] = []
        self._quiet = max(1.2, SETTLED * speed)
        demo.talk_faster(speed)

    def call(self, name: str, line: str = "customer") -> str:
        """The CallSid of a new call by a person on record, or by a number."""
        number = self._people[name]["number"] if name in self._people else name
        status, answer = post(
            f"{self._twilio}/emulator/calls", {"from": number, "to": self._lines[line], "stir_verstat": VOUCHED}
        )
        assert status < 300, answer
        self._calls.append(answer["call_sid"])
        return str(answer["call_sid"])

    def pin(self, name: str) -> str:
        return str(self._people[name]["pin"])

    def say(self, call_sid: str, text: str) -> None:
        """Spoken once the agent has finished."""
        self._act(call_sid, "quiet", patience=60.0, lasting=self._quiet)
        self._act(call_sid, "say", text=text)

    def press(self, call_sid: str, keys: str) -> None:
        self._act(call_sid, "press", keys=keys)

    def barge_in(self, call_sid: str, text: str) -> None:
        self._act(call_sid, "bargein", text=text)

    def hang_up(self) -> None:
        for call_sid in self._calls:
            post(f"{self._twilio}/emulator/calls/{call_sid}/hangup", {})
        self._calls.clear()

    def _act(self, call_sid: str, act: str, **given: Any) -> None:
        def done() -> bool:
            status, answer = post(f"{self._twilio}/emulator/calls/{call_sid}/{act}", {"patience": 10.0, **given})
            assert status in (200, 409), answer
            return status == 200

        until(done)
