"""A FHIR server that notifies us, as it is configured (`[sources.NAME]`)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from service.fhir.version import FhirVersion
from service.usecases.record.kept import EVIDENCE


class Form(StrEnum):
    """How the server is asked to notify us."""

    REST_HOOK = "rest-hook"  # plain R4
    BACKPORT = "backport"  # Subscriptions R5 Backport, on R4 or R4B
    R5 = "r5"


class Payload(StrEnum):
    """What a notification is to carry."""

    EMPTY = "empty"
    ID_ONLY = "id-only"
    FULL = "full-resource"


@dataclass(frozen=True, slots=True)
class Address:
    """A FHIR server and how we prove who we are. Secrets are not shown by `repr`.

    base: without a slash at its end; the only place that is asked. authorization: the value of
    the header, empty for none. ca_file: certificates to trust beside the usual, a path or empty.
    """

    base: str
    release: FhirVersion = FhirVersion.R4
    authorization: str = ""
    ca_file: str = ""

    def __repr__(self) -> str:
        return f"Address({self.base!r}, {self.release!r})"


@dataclass(frozen=True, slots=True)
class Source:
    """A FHIR server that notifies us.

    public_url: what it is told to call, empty when it is never subscribed by us. write_to: where
    plans go, None for nowhere; `writes_back` when that is the source itself. strict: what cannot
    be read is refused (400, 422) instead of quarantined. types: those that are taken from it.
    hmac_secret, token: how its notifications are known as its own, empty for neither. criteria:
    searches such as `Observation?code=...` that it is asked to notify by and that catch up.
    topic: canonical of the SubscriptionTopic, for the backport and R5. id_prefix: what its ids
    begin with in our record; None: the first source's ids stay as they are, another's begin with
    its name. publish: whether MedicationKnowledge goes there by itself.
    """

    name: str
    at: Address
    public_url: str = ""
    write_to: Address | None = None
    strict: bool = False
    types: frozenset[str] = frozenset(EVIDENCE)
    hmac_secret: str = ""
    token: str = ""
    criteria: tuple[str, ...] = ()
    form: Form = Form.REST_HOOK
    payload: Payload = Payload.FULL
    topic: str = ""
    id_prefix: str | None = None
    publish: bool = False

    def __repr__(self) -> str:
        return f"Source({self.name!r}, {self.at!r})"

    @property
    def writes_back(self) -> bool:
        """Whether plans go to the server that the evidence came from."""
        return self.write_to is not None and self.write_to.base == self.at.base
