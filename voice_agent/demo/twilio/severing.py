"""HTTP connections that can be cut without an answer, for the fault `drop`: something ASGI has no word for."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

SEVER = "emulator.sever"
"""Key under the scope's `extensions`: call it and the connection is gone."""


class SeverableProtocol(HttpToolsProtocol):
    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {SEVER: self.transport.abort}  # type: ignore[dict-item]  # ours, not ASGI's
