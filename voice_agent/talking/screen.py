"""What a person sees of a call in the terminal: the agent's words as they are played, their own, and what it did."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any, Protocol

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

import voice_agent.demo.twilio.happenings as happened
from voice_agent.demo.twilio.happenings import Happening
from voice_agent.talking.dialling import Dialling
from voice_agent.talking.telephone import TurnTaken

NAME_WIDTH = 7
"""Columns of the speaker's name; in a terminal narrower than NARROW the name stands on a line of its own."""
NARROW = 40
MOST_SHOWN = 120
"""Characters of a tool's arguments or result; the page in the browser shows all."""

HELP = "Type to speak · /1 or /4512# for keys · Enter while it talks barges in · /drop breaks the line · /quit hangs up"


class Screen(Protocol):
    """What a call is shown on."""

    def show(self, happening: Happening) -> None: ...
    def latency(self, turn: TurnTaken) -> None: ...
    def entry(self, entry: Mapping[str, Any]) -> None: ...


class Typed(Protocol):
    """A line of typing at the foot of the screen, which has to step aside while something is printed."""

    def erase(self) -> None: ...
    def draw(self) -> None: ...


class TerminalScreen:
    """Prints a line for each thing worth knowing, and the agent's words as one paragraph that grows as they are played.

    `typed` is the line a person is typing at, if one is.
    """

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False, soft_wrap=False, emoji=False, markup=False)
        self.typed: Typed | None = None
        self._speaker = ""
        self._column: int | None = None
        """Where the agent's paragraph stands; None when it is not the last thing printed."""

    def welcome(self, dialling: Dialling, *, typing: bool) -> None:
        caller, line = dialling.caller, dialling.line
        known = f"{caller.name} ({caller.role})" if caller.name != caller.number else caller.number
        self._line(
            Text.assemble(("Calling ", "dim"), (line.name, "bold"), (f" {line.number} as ", "dim"), (known, "bold"))
        )
        if caller.pin:
            self._line(Text(f"PIN {caller.pin}: type /{caller.pin}#", "dim"))
        if typing:
            self._line(Text(HELP, "dim"))
        self._line(Text(""))

    def show(self, happening: Happening) -> None:
        match happening:
            case happened.ClauseStarted(text=text):
                self._agent_says(text)
            case happened.ClausePlayed(text=text, cut=True):
                self._aside(f"✂ cut off after “{text.strip()}”" if text.strip() else "✂ cut off", "yellow")
            case happened.CallerFinal(text=text):
                self._says("You", text, "green")
            case happened.CallerSpoke(text=text, heard=False):
                self._says("You", text, "green")
                self._aside("nobody listens", "red")
            case happened.AudioPlayed(url=url, seconds=seconds):
                self._aside(f"♪ {url} ({seconds:.1f} s)", "dim")
            case happened.DigitsPlayed(digits=digits):
                self._aside(f"tones {digits}", "dim")
            case happened.SocketClosed(code=code, by="server"):
                self._aside(f"the server closed the line ({code})", "yellow")
            case happened.QueueEntered(queue=queue, position=position):
                self._aside(f"→ waiting for a person in queue {queue}, place {position}", "magenta")
            case happened.QueueLeft(queue=queue, result=result):
                self._aside(f"← left queue {queue}: {result}", "magenta")
            case happened.AlertRaised(code=code, text=text):
                self._aside(f"Twilio alert {code}: {text}", "red")
            case happened.CallEnded(reason=reason):
                self._aside(f"call over: {reason}", "dim")
            case _:
                pass

    def pressed(self, keys: str) -> None:
        self._says("You", f"[{' '.join(keys)}]", "green")

    def latency(self, turn: TurnTaken) -> None:
        if turn.latency is not None:
            self._aside(f"first words after {turn.latency * 1000:.0f} ms", "dim")

    def entry(self, entry: Mapping[str, Any]) -> None:
        """A line of the server's journal, where it lets us read it."""
        match entry.get("kind"):
            case "tool":
                self._aside(f"⚙ {entry.get('tool')} {_short(entry.get('arguments'))}", "blue")
            case "tool_result":
                self._aside(f"  {_short(entry.get('content'))} ({entry.get('ms', 0):.0f} ms)", "dim")
            case "write":
                self._aside(f"✎ change {entry.get('status')}", "blue")
            case "secret":
                self._aside("proof accepted" if entry.get("accepted") else "proof not accepted", "blue")
            case "text":
                self._aside(f"✉ text to {entry.get('to')}: {entry.get('body')}", "magenta")
            case "emergency":
                self._aside(f"! emergency: {entry.get('hazard')}", "bold red")
            case "handed_off":
                self._summary(entry.get("summary"))
            case _:
                pass

    def step(self, line: str) -> None:
        """A step of a script that is neither heard nor seen otherwise."""
        self._aside(line, "dim")

    def complaint(self, text: str) -> None:
        self._aside(text, "red")

    def typing_is_over(self) -> None:
        """The typed line is gone; its row is free."""
        self.typed, self._column = None, None

    def farewell(self, turns: Sequence[TurnTaken]) -> None:
        waits = sorted(turn.latency for turn in turns if turn.latency is not None)
        if waits:
            figures = (
                f"{len(turns)} turns · first words p50 {median(waits) * 1000:.0f} ms, worst {waits[-1] * 1000:.0f} ms"
            )
            self._line(Text(figures, "dim"))

    def _summary(self, summary: object) -> None:
        self._aside("what the person who takes over is told:", "magenta")
        for said in summary if isinstance(summary, list) else []:
            if isinstance(said, dict):
                source = str(said.get("source", ""))
                self._aside(
                    f"  {said.get('text', said.get('line', ''))}" + (f" ({source})" if source else ""), "magenta"
                )

    def _says(self, who: str, text: str, style: str) -> None:
        name = who if who != self._speaker else ""
        self._speaker = who
        self._row(Text(name, f"bold {style}"), Text(text, style))

    def _aside(self, text: str, style: str) -> None:
        self._speaker = ""
        self._row(Text(""), Text(text, style))

    def _agent_says(self, clause: str) -> None:
        words, began = clause.split(), self._column
        if not words:
            return
        indent = " " if self.console.width < NARROW else " " * (NAME_WIDTH + 1)
        out = Text()
        column = began
        if column is None:
            name = "Agent" if self._speaker != "Agent" else ""
            out.append(f"{name}\n{indent}" if len(indent) == 1 else name.ljust(len(indent)), "bold cyan")
            column = len(indent)
            self._speaker = "Agent"
        for word in words:
            if column > len(indent):
                if column + 1 + cell_len(word) >= self.console.width:
                    out.append(f"\n{indent}")
                    column = len(indent)
                else:
                    out.append(" ")
                    column += 1
            out.append(word)
            column += cell_len(word)
        self._write(out, began)
        self._column = column

    def _row(self, name: Text, text: Text) -> None:
        if self.console.width < NARROW:
            if name.plain:
                self._line(name)
            self._line(Padding(text, (0, 0, 0, 1)))
            return
        row = Table.grid(padding=(0, 1))
        row.add_column(width=NAME_WIDTH, no_wrap=True)
        row.add_column(ratio=1, overflow="fold")
        row.add_row(name, text)
        self._line(row)

    def _line(self, what: Text | Table | Padding) -> None:
        """A line of its own, above the typed one."""
        if self.typed is not None:
            self.typed.erase()
        elif self._column is not None:
            self.console.print()
        self._column = None
        self.console.print(what)
        if self.typed is not None:
            self.typed.draw()

    def _write(self, what: Text, column: int | None) -> None:
        """More of the paragraph that ends at `column`; with a typed line it stands in the row above that."""
        if self.typed is not None:
            self.typed.erase()
            if column is not None:
                self.console.file.write(f"\x1b[A\x1b[{column + 1}G")
        self.console.print(what, end="", soft_wrap=True)
        if self.typed is not None:
            self.console.file.write("\n")
            self.typed.draw()


def complain(text: str) -> None:
    """To standard error: why a script failed."""
    Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True).print(text, style="red")
    sys.stderr.flush()


def _short(value: object) -> str:
    text = str(value or "")
    return text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 1] + "…"
