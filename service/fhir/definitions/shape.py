"""What every definition carries, and the order in which its elements are written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from service.fhir.definitions.known import Edition, Known
from service.fhir.narrative import narrative

Resource = dict[str, Any]

PUBLISHER = "her2-service"
BREAST_CANCER = "254837009"

#: As FHIR orders the elements of a definition; what is not named here follows as it was given.
_ORDER = (
    "resourceType id meta text contained url identifier version name title subtitle type status "
    "experimental kind date publisher contact description affectsState code useContext "
    "jurisdiction purpose usage copyright"
).split()


def definition(
    known: Known, kind: str, identity: str, edition: Edition, title: str, said: str, /, **more: Any
) -> Resource:
    """A definition with its canonical, version, date and notices. said: the description."""
    resource: Resource = {
        "resourceType": kind,
        "id": identity,
        "text": narrative(title, [said]),
        "url": canonical(known, kind, identity),
        "version": edition.version,
        "name": name_of(identity),
        "title": title,
        "status": "active",
        "experimental": False,
        "date": edition.start.isoformat(),
        "publisher": PUBLISHER,
        "description": said,
        **{key: value for key, value in more.items() if value not in (None, "", [], {})},
    }
    named = dict.fromkeys(systems_in(resource))
    if notices := [known.notices[system] for system in named if system in known.notices]:
        resource["copyright"] = " ".join(notices)
    return in_order(resource)


def in_order(resource: Mapping[str, Any]) -> Resource:
    """The same elements, the common ones first and in FHIR's order."""
    first = {key: resource[key] for key in _ORDER if key in resource}
    return first | {key: value for key, value in resource.items() if key not in first}


def canonical(known: Known, kind: str, identity: str, version: str = "") -> str:
    """The URL of a definition of ours, with its version when one is asked for."""
    url = f"{known.systems.base}/{kind}/{identity}"
    return f"{url}|{version}" if version else url


def name_of(identity: str) -> str:
    """A name for machines: `ac-thp` -> `Her2AcThp`, `her2-flag` -> `Her2Flag`."""
    words = re.split(r"[^A-Za-z0-9]+", identity.removeprefix("her2-"))
    return "Her2" + "".join(word[:1].upper() + word[1:] for word in words)


def systems_in(value: Any) -> Iterator[str]:
    """Every code system named anywhere in the value."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key in ("system", "source", "target") and isinstance(inner, str):
                yield inner
            else:
                yield from systems_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from systems_in(inner)


def sentence(text: str) -> str:
    """The text with a capital first and one stop at its end; empty stays empty."""
    text = text.strip()
    return f"{text[0].upper()}{text[1:].rstrip('.')}." if text else ""
