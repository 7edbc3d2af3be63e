"""One line of typing at the foot of the terminal, which steps aside while the call prints above it."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import os
import sys
import termios
import tty
from collections.abc import AsyncIterator, Iterator
from typing import TextIO

PROMPT = "> "
END = "\x04"
ENTER = ("\r", "\n")
BACKSPACE = ("\x7f", "\x08")


class Editor:
    """What has been typed. Pure: keys in, finished lines out; `None` stands for the end of typing."""

    def __init__(self) -> None:
        self.text = ""
        self._escape = ""

    def feed(self, keys: str) -> list[str | None]:
        """Takes characters as they come from the terminal; gives the lines that they finish."""
        lines: list[str | None] = []
        for key in keys:
            if self._escape or key == "\x1b":
                self._escaped(key)
            elif key in ENTER:
                lines.append(self.text)
                self.text = ""
            elif key == END:
                if not self.text:
                    lines.append(None)
            elif key in BACKSPACE:
                self.text = self.text[:-1]
            elif key == "\x15":  # Ctrl-U
                self.text = ""
            elif key == "\x17":  # Ctrl-W
                self.text = self.text.rstrip().rpartition(" ")[0]
                self.text += " " if self.text else ""
            elif key.isprintable():
                self.text += key
        return lines

    def _escaped(self, key: str) -> None:
        """Swallows arrow keys and their like: ESC, then [ or O, then up to a letter or a tilde."""
        self._escape += key
        if len(self._escape) > 2 and (key.isalpha() or key == "~"):
            self._escape = ""
        elif len(self._escape) == 2 and key not in "[O":
            self._escape = ""


class TypedLine:
    """The editor on a real terminal. Enter it as a context; it puts the terminal back as it was."""

    def __init__(self, source: TextIO, target: TextIO) -> None:
        self._source = source
        self._target = target
        self._editor = Editor()
        self._decoder = codecs.getincrementaldecoder("utf-8")("ignore")
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()

    @contextlib.contextmanager
    def reading(self) -> Iterator[TypedLine]:
        """Reads keys as they are pressed. The event loop must run."""
        number = self._source.fileno()
        before = termios.tcgetattr(number)
        loop = asyncio.get_running_loop()
        tty.setcbreak(number)
        loop.add_reader(number, self._read, number)
        try:
            self.draw()
            yield self
        finally:
            loop.remove_reader(number)
            self.erase()
            termios.tcsetattr(number, termios.TCSADRAIN, before)

    async def lines(self) -> AsyncIterator[str]:
        """Each finished line, until Ctrl-D."""
        while (line := await self._lines.get()) is not None:
            yield line

    def _read(self, number: int) -> None:
        keys = self._decoder.decode(os.read(number, 4096))
        for line in self._editor.feed(keys):
            self._lines.put_nowait(line)
        self.erase()
        self.draw()

    def draw(self) -> None:
        """Shows the line; the end of a text that is longer than the line is what one is typing at."""
        room = max(8, os.get_terminal_size(self._target.fileno()).columns - len(PROMPT) - 1)
        self._target.write(PROMPT + self._editor.text[-room:])
        self._target.flush()

    def erase(self) -> None:
        """Leaves its row empty, with the cursor at its start, for something else to be printed there."""
        self._target.write("\r\x1b[K")
        self._target.flush()


class PipedLines:
    """Lines of a file or a pipe; nothing is drawn."""

    def __init__(self, source: TextIO) -> None:
        self._source = source

    async def lines(self) -> AsyncIterator[str]:
        while line := await asyncio.to_thread(self._source.readline):
            yield line.rstrip("\n")


def is_terminal() -> bool:
    """Whether a person types and looks."""
    return sys.stdin.isatty() and sys.stdout.isatty()
