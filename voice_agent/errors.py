"""Every error the server raises on purpose, each with three texts.

    VoiceAgentError
    ├── ConfigurationError           a setting or file is wrong; the start stops, exit code 2
    ├── WireError                    the other end of a socket or webhook sent something unusable
    ├── ModelError                   the language model failed
    │   ├── ModelUnavailable             nothing usable came (refused, 5xx, hang); the next model may do
    │   ├── ModelRateLimited             429; `retry_after` seconds if the provider said so
    │   └── ModelStreamBroken            words came, then the stream broke
    ├── ToolError                    a tool call could not be carried out
    │   ├── InvalidArguments             the model can mend it: says which argument and what form it must have
    │   ├── NotAllowed                   role, level, phase or scope forbids it; answers like NotFound where it must
    │   └── ProofNeeded                  allowed at a higher assurance level: a PIN or a code is asked for
    ├── SalesforceError              split by whether trying again helps
    │   ├── NotFound                     no such record, or not one this caller may know of
    │   ├── InvalidInput                 the org refused the values (validation rule, picklist, length)
    │   ├── Forbidden                    the integration user lacks the right
    │   ├── Conflict                     the record changed since it was read in this call
    │   ├── Locked                       UNABLE_TO_LOCK_ROW after our retries
    │   ├── RateLimited                  REQUEST_LIMIT_EXCEEDED, or our own breaker on the daily allowance
    │   ├── SignInFailed                 token refused and not renewable
    │   ├── SalesforceTimeout            no answer in time; a write may or may not have happened
    │   └── SalesforceUnavailable        503, HTML, connection refused, circuit open
    ├── StoreUnavailable             our own database failed or was too slow; nothing may be said to be saved
    └── TwilioRestError              a REST call to Twilio failed; `ambiguous` if it may have happened

`for_caller` is a key into prompts/phrases.*.toml, never raw text. `for_model` is a sentence the model can act on.
`str(error)` is for the operator: ids and codes, never record contents, transcripts, numbers or tokens.
"""

from __future__ import annotations


class VoiceAgentError(Exception):
    """Root of the tree. Subclasses set the two class texts; the message is the operator's."""

    for_caller: str = "error.general"
    for_model: str = "That did not work. Offer a message or a person."


class ConfigurationError(VoiceAgentError):
    """Names the setting or file, and the mend, in one sentence for the person at the terminal."""


class WireError(VoiceAgentError):
    """A frame or form that cannot be read. Carries the frame's type, never its contents."""


class ModelError(VoiceAgentError):
    """The language model failed before or during a reply."""

    for_caller = "error.model"


class ModelUnavailable(ModelError):
    """Refused, 5xx, unreachable or silent past its deadline."""


class ModelRateLimited(ModelError):
    """HTTP 429. `retry_after` in seconds, None when the provider did not say."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ModelStreamBroken(ModelError):
    """The stream ended without its terminator, or carried a chunk that is not JSON."""


class ToolError(VoiceAgentError):
    """A tool call was not carried out. Nothing was changed."""


class InvalidArguments(ToolError):
    """`for_model` names the argument and the form it must have."""

    def __init__(self, for_model: str) -> None:
        super().__init__(for_model)
        self.for_model = for_model


class NotAllowed(ToolError):
    """Refused by role, level, scope or phase. The operator's text says which rule."""

    for_caller = "error.not_allowed"
    for_model = "That is not possible for this caller. Offer a message or a person."


class ProofNeeded(ToolError):
    """The act needs a higher assurance level. `proof` is "pin" or "code"."""

    for_caller = "proof.needed"

    def __init__(self, proof: str) -> None:
        super().__init__(f"needs {proof}")
        self.proof = proof
        self.for_model = "The caller must first prove who they are; they are being asked for it now. Do not ask again."


class SalesforceError(VoiceAgentError):
    """A Salesforce call failed. `code` is the org's errorCode or our own word; `status` is HTTP, 0 without one."""

    for_caller = "error.crm"
    for_model = "The records cannot be reached right now. Say so, and offer a message or a person."

    def __init__(self, message: str, *, code: str = "", status: int = 0, fields: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.fields = fields


class NotFound(SalesforceError):
    for_caller = "error.not_found"
    for_model = "Nothing was found under that. Ask the caller to say it again or press the digits."


class InvalidInput(SalesforceError):
    """The org's own refusal. Its text is an administrator's and may be read to the model, cut, as data."""

    for_caller = "error.refused"
    for_model = "The records do not accept that change. Say so plainly; do not try it again with the same values."


class Forbidden(SalesforceError):
    for_caller = "error.not_allowed"
    for_model = "That is not permitted here. Offer a message or a person."


class Conflict(SalesforceError):
    for_caller = "error.conflict"
    for_model = "It was changed by someone else just now. Look again, tell the caller what it is now, and ask afresh."


class Locked(SalesforceError):
    for_caller = "error.busy"
    for_model = "The record is being changed by someone else. Say it could not be saved yet."


class RateLimited(SalesforceError):
    pass


class SignInFailed(SalesforceError):
    pass


class SalesforceTimeout(SalesforceError):
    """No answer in time. After a write this means *unknown*: settle by reading back, never by sending again."""


class SalesforceUnavailable(SalesforceError):
    pass


class StoreUnavailable(VoiceAgentError):
    """The durable store refused or did not answer in time. What was asked of it may not be spoken of as saved."""

    for_caller = "error.store"
    for_model = "Nothing can be saved right now. Say so, and offer a person."


class TwilioRestError(VoiceAgentError):
    """`code` is Twilio's (20003, 21610 ...), 0 if none; `ambiguous` if the request may have taken effect."""

    for_caller = "error.twilio"

    def __init__(self, message: str, *, code: int = 0, status: int = 0, ambiguous: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.ambiguous = ambiguous
