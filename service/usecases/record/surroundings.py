"""What a patient's record refers to outside of it, and what that refers to in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from service.usecases.record.kept import EVIDENCE
from service.usecases.record.links import local, references_in
from service.usecases.record.port import Version

Resource = dict[str, Any]


def shared(version: Version) -> bool:
    """It counts wherever it is referred to: it is in nobody's record, or it is a specimen, which
    tells by whose it is that a result may be another patient's (Q10)."""
    return not version.patient or version.type == "Specimen"


def with_surroundings(
    record: Mapping[str, Resource], lookup: Callable[[set[str]], Mapping[str, Resource]]
) -> list[Resource]:
    """The record (by `Type/id`) with all that it leads to, in the order of the addresses.

    lookup: which of these addresses count outside of their own record, and what is there.
    """
    kept = dict(record)
    looked = set(kept)
    todo = _referred(kept.values()) - looked
    while todo:
        looked |= todo
        more = lookup(todo)
        kept |= more
        todo = _referred(more.values()) - looked
    return [kept[reference] for reference in sorted(kept)]


def _referred(resources: Iterable[Resource]) -> set[str]:
    """The kept types' `Type/id` that resources refer to."""
    found = {local(r) for resource in resources for r in references_in(resource)}
    return {r for r in found if r.partition("/")[0] in EVIDENCE}
