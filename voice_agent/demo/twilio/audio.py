"""Audio files that TwiML or the relay plays: fetched once, and measured for how long they sound."""

import io
import wave

from .wire import Http, NoAnswer

COMPRESSED_BYTES_PER_SECOND = 16_000
"""For what is not WAV: MP3 at 128 kbit/s (an assumption; the emulator decodes no audio)."""


class AudioFiles:
    """Keeps the length of each file by URL, as Twilio caches the file."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self._seconds: dict[str, float | None] = {}

    async def seconds(self, url: str) -> float | None:
        """How long the file lasts, or None when it cannot be fetched."""
        if url not in self._seconds:
            self._seconds[url] = await self._measure(url)
        return self._seconds[url]

    async def _measure(self, url: str) -> float | None:
        try:
            answer = await self._http.request("GET", url, {"Accept": "audio/*"}, b"", 5.0, 15.0)
        except NoAnswer:
            return None
        if answer.status != 200:
            return None
        try:
            with wave.open(io.BytesIO(answer.body)) as sound:
                return float(sound.getnframes() / sound.getframerate())
        except (wave.Error, EOFError):
            return len(answer.body) / COMPRESSED_BYTES_PER_SECOND
