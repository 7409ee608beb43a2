"""The whole tree of errors.

"We cannot say" is a value and leaves as an Observation; work that failed is one of these and
leaves as an OperationOutcome. Sentences help the reader act and never hold a name, an
identifier or a date of birth.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a request.

    code: FHIR issue type (`structure`, `required`, `value`, `invariant`, `code-invalid`,
        `not-supported`, `not-found`, `too-long`, `login`, ...).
    text: a sentence for the reader who must mend it.
    where: FHIRPath into what was posted, `Bundle.entry[3].resource.value`; empty when the
        fault is not about an element.
    """

    code: str
    text: str
    where: str = ""


class Her2Error(Exception):
    """Root of every error the service raises on purpose."""


class RequestRefused(Her2Error):
    """A request that cannot be answered, with every fault found in it."""

    def __init__(self, *faults: Fault) -> None:
        if not faults:
            raise ValueError("a refusal names at least one fault")
        super().__init__("; ".join(f"{f.where or 'request'}: {f.text}" for f in faults))
        self.faults = faults


class NotFhir(RequestRefused):
    """Not JSON, not FHIR, or an unknown parameter, fact or code (HTTP 400)."""


class Unreadable(RequestRefused):
    """FHIR, but a HER2 Observation in it cannot be read, or it cannot be done (HTTP 422)."""


class NotFound(RequestRefused):
    """No such resource, type or address (HTTP 404)."""


class Gone(RequestRefused):
    """The resource was deleted (HTTP 410)."""


class Conflict(RequestRefused):
    """Others change the same record: the same request may succeed again (HTTP 409)."""


class PreconditionFailed(RequestRefused):
    """What the caller made it depend on does not hold (HTTP 412)."""


class NotAllowed(RequestRefused):
    """The address exists, the method does not (HTTP 405)."""


class NotAcceptable(RequestRefused):
    """None of the media types asked for can be given (HTTP 406)."""


class TooLarge(RequestRefused):
    """The body exceeds the configured limit (HTTP 413)."""


class UnsupportedMediaType(RequestRefused):
    """The body's media type, encoding or FHIR version is not read here (HTTP 415)."""


class Unauthenticated(RequestRefused):
    """Authentication is configured and the request carries none that is valid (HTTP 401)."""


class StoreUnavailable(Her2Error):
    """The database cannot be reached, is not of this version, or is too busy (HTTP 503).

    Its sentence is for who runs the service.
    """


class ServerAway(Her2Error):
    """A FHIR server cannot be reached, is too slow, or says to come back later: try again.

    Its sentence is for who runs the service. wait: seconds it asked us to wait (`Retry-After`).
    """

    def __init__(self, said: str, wait: float | None = None) -> None:
        super().__init__(said)
        self.wait = wait


class ServerRefused(Her2Error):
    """A FHIR server answered, and would not. status: of HTTP, also where the answer is no FHIR; 0
    where nothing was asked.

    outcome: its OperationOutcome as JSON text, for who runs the service alone: it may name a
    patient, so it is kept and shown, never logged. Empty where it sent none.
    """

    def __init__(self, said: str, status: int = 0, outcome: str = "") -> None:
        super().__init__(said)
        self.status = status
        self.outcome = outcome


class KnowledgeError(Her2Error):
    """A knowledge file is malformed, or a table has a gap or an overlap: do not start."""


class SettingsError(Her2Error):
    """A setting is unknown or malformed: do not start."""
