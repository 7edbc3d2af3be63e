"""What a waiting caller hears between sentences: soft chords, computed here, so nobody else's and always there."""

from __future__ import annotations

import io
import math
import struct
import wave
from functools import cache

RATE = 8000
"""Telephone band; more would be thrown away on the way."""
CHORDS = ((220.0, 277.18, 329.63), (196.0, 246.94, 293.66), (174.61, 220.0, 261.63), (196.0, 246.94, 329.63))
CHORD_SECONDS = 2.5
LOUDNESS = 0.16


@cache
def wav() -> bytes:
    """Ten seconds as a WAV file, mono, 16 bit. Takes a tenth of a second to make, once."""
    frames = bytearray()
    count = int(RATE * CHORD_SECONDS)
    for chord in CHORDS:
        for at in range(count):
            swell = math.sin(math.pi * at / count)
            tone = sum(math.sin(2 * math.pi * hertz * at / RATE) for hertz in chord) / len(chord)
            frames += struct.pack("<h", int(32767 * LOUDNESS * swell * tone))
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(bytes(frames))
    return file.getvalue()
