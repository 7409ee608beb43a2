"""Which resource each interaction is about: by its id, by what meets its criteria, or a new one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from service.core.errors import (
    Conflict,
    Fault,
    Gone,
    NotAllowed,
    NotFhir,
    NotFound,
    PreconditionFailed,
)
from service.usecases.record.interaction import Interaction
from service.usecases.record.port import Method, Reader, Version
from service.usecases.record.query import Query

CriteriaQuery = Callable[[str, str], Query]


@dataclass(slots=True)
class Target:
    """An interaction and its resource.

    current: the newest version, which may be a deletion; None when there is none. id: a new one
    where there is none yet. settled: nothing is to be done, and `current` is the answer.
    """

    asked: Interaction
    id: str
    current: Version | None = None
    settled: bool = False

    @property
    def reference(self) -> str:
        """`Type/id`."""
        return f"{self.asked.kind}/{self.id}"

    @property
    def standing(self) -> bool:
        """There is a version, and it is no deletion."""
        return self.current is not None and not self.current.deleted


def targets_of(
    asked: Sequence[Interaction],
    new_ids: Sequence[str],
    reader: Reader,
    criteria: CriteriaQuery,
) -> list[Target]:
    """One target an interaction, in their order. new_ids: one for each, should it need it.

    Raises PreconditionFailed (412) when criteria are met by more than one or If-Match is stale,
    NotFhir when two interactions are about one resource, NotAllowed for a derived resource.
    """
    found = [_target(one, new, reader, criteria) for one, new in zip(asked, new_ids, strict=True)]
    seen: dict[str, Target] = {}
    for target in found:
        if target.current and target.current.derived:
            text = f"{target.asked.kind} is derived by this service here: it is read, not written."
            raise NotAllowed(Fault("business-rule", text, target.asked.where))
        _check_match(target)
        if target.reference in seen and not target.settled:
            text = "Two entries are about the same resource: send it once."
            raise NotFhir(Fault("duplicate", text, target.asked.where))
        seen[target.reference] = target
    return found


def _target(one: Interaction, new: str, reader: Reader, criteria: CriteriaQuery) -> Target:
    if one.criteria:
        return _by_criteria(one, new, reader, criteria)
    if one.method is Method.POST:
        return Target(one, new)
    return Target(one, one.id, reader.current(one.kind, one.id))


def _by_criteria(one: Interaction, new: str, reader: Reader, criteria: CriteriaQuery) -> Target:
    met = reader.find(criteria(one.kind, one.criteria)).versions
    if len(met) > 1:
        text = "More than one resource meets the criteria: nothing was done."
        raise PreconditionFailed(Fault("multiple-matches", text, one.where))
    if one.method is Method.POST:
        return Target(one, met[0].id, met[0], True) if met else Target(one, new)
    if met:
        sent = (one.resource or {}).get("id")
        if sent and sent != met[0].id:
            text = "The resource has another id than the one that meets the criteria."
            raise NotFhir(Fault("invariant", text, f"{one.where}.id"))
        return Target(one, met[0].id, met[0])
    if one.method is Method.DELETE:
        return Target(one, "", None, True)
    sent = (one.resource or {}).get("id")
    if not sent:
        return Target(one, new)
    current = reader.current(one.kind, str(sent))
    if current and not current.deleted:
        text = "Nothing meets the criteria, and another resource has this id: nothing was done."
        raise Conflict(Fault("conflict", text, f"{one.where}.id"))
    return Target(one, str(sent), current)


def _check_match(target: Target) -> None:
    wanted, current = target.asked.if_match, target.current
    if not wanted:
        return
    if current is None or current.deleted or str(current.number) != wanted:
        text = "Another version stands than If-Match names: read it, and decide again."
        raise PreconditionFailed(Fault("conflict", text, target.asked.where))


def there(current: Version | None, what: str) -> Version:
    """The version when it can be read; NotFound or Gone say what there is none of."""
    if current is None:
        raise NotFound(Fault("not-found", f"There is no {what} with this id."))
    if current.deleted:
        raise Gone(Fault("deleted", f"This {what} was deleted; its history can be read."))
    return current
