"""What was derived of a patient as a transaction that his source's server can take, again and
again with one result.

Our own resources go by id where the server lets clients choose ids, else by conditional update on
our identifier; Provenance by conditional create on a tag of the content. References to evidence are
the source's own again; on another server only what it can resolve is referred to: the patient by
his identifier, the rest by theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from service.fhir.identity import derived_id
from service.fhir.json import encode
from service.fhir.own import WITHDRAWN
from service.fhir.systems import Systems
from service.fhir.writing.transaction import by_identifier, create_once
from service.usecases.record.links import local

Resource = dict[str, Any]
#: A reference to evidence as it is in our record -> as the server is to see it.
Addressed = Callable[[str], Resource]
#: A text that may name evidence as our record does -> as whoever reads it there knows it.
Worded = Callable[[str], str]

#: The transaction, and `Type/id` of what it brings.
Outgoing = tuple[Resource, set[str]]

BY_ID, BY_CRITERIA = "id", "criteria"


def outgoing(
    forms: Mapping[str, Resource],
    numbers: Mapping[str, int],
    delivered: Mapping[str, int],
    addressing: str,
    systems: Systems,
    addressed: Addressed,
    worded: Worded,
) -> Outgoing | None:
    """The transaction, and what it brings; None when there is nothing to bring.

    forms: `Type/id` -> all that was derived, as it is now, and numbers: which version that is.
    delivered: the version that is there, 0 when it may be. What was withdrawn before it was ever on
    its way is not sent.
    """
    gone = {r for r, form in forms.items() if form.get("status") == WITHDRAWN.get(_type(r), "-")}
    never = {r for r in gone if r not in delivered}
    over = {r for r in gone if delivered.get(r) == numbers[r]}
    told = {r for r in forms if _type(r) == "Provenance" and delivered.get(r) == numbers[r]}
    sending = {r: form for r, form in forms.items() if r not in never | over | told}
    sending = {r: form for r, form in sending.items() if _tells(form, never | over)}
    entries = [
        _entry(form, set(forms), set(sending), addressing, systems, addressed, worded)
        for form in sending.values()
    ]
    for entry, form in zip(entries, sending.values(), strict=True):
        if form["resourceType"] == "Provenance":
            _tag(entry, form, systems)
    bundle: Resource = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    return (bundle, set(sending)) if entries else None


def _type(reference: str) -> str:
    return reference.partition("/")[0]


def _tells(form: Resource, silent: set[str]) -> bool:
    """A Provenance of nothing but what is not sent is not sent either."""
    if form["resourceType"] != "Provenance":
        return True
    targets = {local(t["reference"]) for t in form["target"]}
    return not targets <= silent


def _entry(
    form: Resource,
    ours: set[str],
    sending: set[str],
    addressing: str,
    systems: Systems,
    addressed: Addressed,
    worded: Worded,
) -> Resource:
    """The resource without profile, with references as the server knows them, and its request."""
    kind, id = form["resourceType"], form["id"]

    def resolve(said: str) -> Resource | None:
        named = local(said)
        if named in ours:
            if named not in sending and addressing == BY_CRITERIA:
                return None
            return {"reference": named if addressing == BY_ID else _urn(named)}
        return addressed(said)

    stored = _resolved({k: v for k, v in form.items() if k != "id"}, resolve, worded)
    stored["meta"] = {k: v for k, v in form["meta"].items() if k in ("tag", "security")}
    if kind == "Provenance":
        return {"resource": stored, "request": {"method": "POST", "url": kind}}
    if addressing == BY_ID:
        stored["id"] = id
        url = f"{kind}/{id}"
    else:
        url = by_identifier(kind, id, systems)
    request = {"method": "PUT", "url": url}
    return {"fullUrl": _urn(f"{kind}/{id}"), "resource": stored, "request": request}


def _urn(reference: str) -> str:
    return f"urn:uuid:{reference.partition('/')[2]}"


def _resolved(value: Any, resolve: Callable[[str], Resource | None], worded: Worded) -> Any:
    if isinstance(value, dict):
        said = value.get("reference")
        if isinstance(said, str) and not said.startswith(("#", "urn:")) and ":" not in said:
            found = resolve(said)
            kept = {k: v for k, v in value.items() if k != "reference"}
            return kept | found if found is not None else None
        inner = ((k, _resolved(v, resolve, worded)) for k, v in value.items())
        return {k: v for k, v in inner if v not in (None, [])}
    if isinstance(value, list):
        return [w for v in value if (w := _resolved(v, resolve, worded)) is not None]
    return worded(value) if isinstance(value, str) else value


def _tag(entry: Resource, form: Resource, systems: Systems) -> None:
    """Provenance has no identifier: a tag of what it tells lets it be created once.

    Of nothing else: what travels with it may be another when it has to be sent again.
    """
    told = {k: v for k, v in form.items() if k not in ("meta", "recorded", "occurredDateTime")}
    # Our versions of the targets are not the server's: what says the same there is the same there.
    told["target"] = [local(t["reference"]) for t in form["target"]]
    create_once(entry, derived_id("delivery", encode(told).decode()), systems)
