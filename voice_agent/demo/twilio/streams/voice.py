"""The caller's side of the line as μ-law: silence, given audio, or a stand-in for speech."""

import math
from functools import lru_cache

FRAME_BYTES = 160
"""20 ms."""
SILENCE = b"\xff" * FRAME_BYTES
SECONDS_PER_WORD = 0.3


class Voice:
    """Gives the line 20 ms at a time: whatever was queued, then silence."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    @property
    def busy(self) -> bool:
        return bool(self._waiting)

    def add(self, audio: bytes) -> None:
        """Queues μ-law audio, padded with silence to whole frames."""
        self._waiting += audio + b"\xff" * (-len(audio) % FRAME_BYTES)

    def speak(self, text: str) -> None:
        """A humming stand-in as long as `text` would take: loud enough for voice detection, no words in it."""
        frames = max(1, round(len(text.split()) * SECONDS_PER_WORD / 0.02))
        self.add(_hum() * frames)

    def frame(self) -> bytes:
        if not self._waiting:
            return SILENCE
        frame = bytes(self._waiting[:FRAME_BYTES])
        del self._waiting[:FRAME_BYTES]
        return frame


@lru_cache(maxsize=1)
def _hum() -> bytes:
    """One frame of 150 Hz with overtones, which joins to itself: three whole periods."""
    samples = []
    for at in range(FRAME_BYTES):
        phase = 2 * math.pi * 150 * at / 8000
        wave = math.sin(phase) + 0.5 * math.sin(2 * phase) + 0.25 * math.sin(3 * phase)
        samples.append(mulaw(round(wave / 1.75 * 12_000)))
    return bytes(samples)


def mulaw(sample: int) -> int:
    """One 16-bit sample as G.711 μ-law."""
    sign = 0x80 if sample < 0 else 0
    magnitude = min(abs(sample), 32_635) + 132
    exponent = magnitude.bit_length() - 8
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    return ~(sign | (exponent << 4) | mantissa) & 0xFF
