"""TwiML as Twilio reads it: well-formed XML with a `<Response>` root, in an XML answer, or a named error."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urljoin
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

XML_TYPES = {"text/xml", "application/xml"}

NOT_BUILT: Mapping[str, str] = {
    "Start": "unidirectional streams, transcriptions and whatever else goes on beside the verbs, but recordings",
    "Stop": "the same",
    "Record": "recordings of dialled conversations and conferences",
    "Transcription": "transcriptions",
    "Refer": "SIP",
    "Pay": "payments",
    "Prompt": "payments",
    "Sms": "messages from a call",
    "Stream": "unidirectional Media Streams and connectors",
    "Client": "browser phones",
    "Sim": "wireless",
    "Application": "TwiML apps",
    "Task": "TaskRouter without an exchange",
    "VirtualAgent": "Dialogflow",
    "Autopilot": "Autopilot",
    "AiSession": "AI sessions",
    "Room": "video",
    "WhatsApp": "WhatsApp calls",
}
"""Every verb and noun of Twilio's that this emulator knows of and cannot do, and what part it belongs to.

A document that uses one ends the call with an alert that names it; nothing is quietly skipped.
"""


class TwimlError(Exception):
    """A document Twilio refuses: `code` 12100 (does not parse) or 12300 (wrong content type)."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class NotBuilt(Exception):
    """The document uses what this emulator cannot do yet."""

    def __init__(self, tag: str) -> None:
        super().__init__(f"<{tag}> is not built in this emulator ({NOT_BUILT[tag]})")
        self.tag = tag


@dataclass(frozen=True, slots=True)
class Document:
    """One TwiML document and where it came from, which relative URLs in it start from."""

    root: Element
    url: str

    def resolve(self, reference: str) -> str:
        """An absolute URL; an empty reference is the document's own URL."""
        return urljoin(self.url, reference) if reference else self.url


def parse(body: bytes | str, content_type: str | None, url: str) -> Document:
    """Reads an answer to a webhook, or TwiML given over REST (then without content type). Raises TwimlError.

    An empty body is an empty `<Response/>`, which hangs up. Entities and document types are refused like bad XML.
    """
    if content_type is not None:
        kind = content_type.partition(";")[0].strip().lower()
        if body and kind not in XML_TYPES:
            raise TwimlError(12300, f"content type {kind or 'none'} is not XML")
    if not body.strip():
        return Document(Element("Response"), url)
    try:
        root = fromstring(body)
    except (ParseError, DefusedXmlException, ValueError) as exc:
        raise TwimlError(12100, f"the document does not parse: {exc}") from exc
    if root.tag != "Response":
        raise TwimlError(12100, f"the root is <{root.tag}>, not <Response>")
    return Document(root, url)


def text_of(element: Element) -> str:
    """All the words inside, SSML children included, with single spaces."""
    return " ".join("".join(element.itertext()).split())
