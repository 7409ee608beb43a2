"""From what was asked to the versions that are to be kept: linked, compared, sent-twice told."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

from service.usecases.record.asking import Asking
from service.usecases.record.interaction import Came
from service.usecases.record.links import links_of, references_in
from service.usecases.record.owner import BY_IDENTIFIER, identifiers_of, owner_of
from service.usecases.record.port import Method, Reader, Version
from service.usecases.record.stored import as_ours, digest_of, linked
from service.usecases.record.targets import CriteriaQuery, Target

_MICROSECOND = timedelta(microseconds=1)
_IDENTIFIER = re.compile(r"identifier=(?:([^|]*)\|)?([^|,&]+)")


@dataclass(slots=True)
class Settled:
    """What is to become of a target. resource: as callers will see it, None when it is gone."""

    target: Target
    came: Came
    version: Version | None
    resource: dict[str, Any] | None = None

    @property
    def changed(self) -> bool:
        """A new version is to be kept."""
        return self.came in (Came.CREATED, Came.UPDATED, Came.DELETED)

    @property
    def before(self) -> str:
        """In whose record it was until now, empty for nobody's."""
        return self.target.current.patient if self.target.current else ""


class Settling:
    """One message: what its entries are about, and how they refer to each other."""

    def __init__(self, reader: Reader, asking: Asking, criteria: CriteriaQuery) -> None:
        self._reader, self._asking, self._criteria = reader, asking, criteria
        self._addresses: dict[str, str] = {}
        self._same: dict[tuple[str, str | None, bytes], Settled] = {}
        #: The Patients that are created here: nothing is kept of them.
        self._new: set[str] = set()
        self._patients: dict[tuple[str, str], str] = {}

    def settle(self, targets: Sequence[Target]) -> list[Settled]:
        """Each target settled, in their order: those that others refer to come first within, so
        that what is sent twice is known again whatever its new addresses are."""
        settled: dict[int, Settled] = {}
        # Patients first: what names one by search may mean one of this message.
        waiting = sorted(enumerate(targets), key=lambda each: each[1].asked.kind != "Patient")
        others = [_others_in(target) for target in targets]
        while waiting:
            unsettled = {address for _, t in waiting for address in _addresses_of(t)}
            ready = [(i, t) for i, t in waiting if others[i].isdisjoint(unsettled)]
            if not ready:  # they refer to each other in a circle
                for _, target in waiting:
                    self._addresses |= dict.fromkeys(_addresses_of(target), target.reference)
                ready = waiting
            for i, target in ready:
                settled[i] = self._one(target)
                self._addresses |= dict.fromkeys(_addresses_of(target), target.reference)
            waiting = [(i, t) for i, t in waiting if i not in settled]
        return [settled[i] for i in range(len(targets))]

    def _one(self, target: Target) -> Settled:
        asked = target.asked
        if target.settled:
            return Settled(
                target, Came.UNCHANGED if target.current else Came.NOTHING, target.current
            )
        if asked.method is Method.DELETE:
            return self._deleted(target)
        assert asked.resource is not None
        links = links_of(
            asked.resource,
            self._addresses,
            self._asking.address,
            self._found,
            asked.where,
            self._asking.prefix,
        )
        sent = linked(asked.resource, links) if links else asked.resource
        content = {**sent, "id": target.id}
        owner = self._owner(content)
        digest = digest_of(content)
        if target.standing:
            current = target.current
            assert current is not None
            if (current.digest, current.release) == (digest, self._asking.release):
                return Settled(target, Came.UNCHANGED, current)
        elif same := self._sent_before(target, content, owner, digest):
            return same
        version = Version(
            type=asked.kind,
            id=target.id,
            number=target.current.number + 1 if target.current else 1,
            release=self._asking.release,
            updated=after(self._asking.now, target.current),
            method=asked.method,
            patient=owner,
            body=asked.body,
            links=links,
            digest=digest,
        )
        came = Came.UPDATED if target.standing else Came.CREATED
        settled = Settled(target, came, version, as_ours(version, content))
        self._same.setdefault((asked.kind, _whose(asked.kind, owner), digest), settled)
        if asked.kind == "Patient":
            if asked.method is Method.POST:
                self._new.add(owner)
            self._patients |= dict.fromkeys(identifiers_of(content), owner)
        return settled

    def _found(self, kind: str, query: str) -> list[str]:
        """`Type/id` of what a search finds: a Patient of this message by an identifier, else what
        is kept."""
        named = _IDENTIFIER.fullmatch(unquote(query)) if kind == "Patient" else None
        if named and (named[1] or "", named[2]) in self._patients:
            return [self._patients[named[1] or "", named[2]]]
        met = self._reader.find(self._criteria(kind, query)).versions
        return [version.reference for version in met]

    def _deleted(self, target: Target) -> Settled:
        current = target.current
        if not target.standing or current is None:
            return Settled(target, Came.NOTHING, None)
        gone = Version(
            type=current.type,
            id=current.id,
            number=current.number + 1,
            release=current.release,
            updated=after(self._asking.now, current),
            method=Method.DELETE,
            patient=current.patient,
            body=None,
        )
        return Settled(target, Came.DELETED, gone)

    def _sent_before(
        self, target: Target, content: Mapping[str, Any], owner: str, digest: bytes
    ) -> Settled | None:
        """A create of what is there already, or stands in the same message: nothing new.

        A Patient is known again by its content with an identifier, since its own id is new.
        """
        kind = target.asked.kind
        if target.asked.method is not Method.POST:
            return None
        if not identifiers_of(content) and (kind == "Patient" or not owner):
            return None
        whose = _whose(kind, owner)
        there = None if whose in self._new else self._reader.with_digest(kind, whose, digest)
        if there:
            target.id, target.current = there.id, there
            return Settled(target, Came.UNCHANGED, there)
        if same := self._same.get((kind, whose, digest)):
            target.id = same.target.id
            return Settled(target, Came.UNCHANGED, same.version)
        return None

    def _owner(self, content: Mapping[str, Any]) -> str:
        """The key of the record; a patient named by an identifier is the Patient that has it."""
        key = owner_of(content)
        if not key.startswith(BY_IDENTIFIER):
            return key
        _, system, value = key.split("|", 2)
        if (system, value) in self._patients:
            return self._patients[system, value]
        met = self._reader.patients_identified(system, value)
        return met[0] if len(met) == 1 else key


def _whose(kind: str, owner: str) -> str | None:
    """Among whose resources one of the same content is the same: of a Patient, anybody's."""
    return None if kind == "Patient" else owner


def _addresses_of(target: Target) -> list[str]:
    """How other entries of the message may call it: by its full URL, and, where it is to get
    another id, by the `Type/id` in it."""
    asked = target.asked
    if not asked.full_url:
        return []
    sent = f"{asked.kind}/{(asked.resource or {}).get('id')}"
    renamed = asked.method is Method.POST and asked.full_url.endswith(f"/{sent}")
    return [asked.full_url, *([sent] if renamed else [])]


def _others_in(target: Target) -> set[str]:
    """What it refers to, itself apart."""
    return set(references_in(target.asked.resource or {})).difference(_addresses_of(target))


def after(now: datetime, current: Version | None) -> datetime:
    """The time of a new version: never before the one that it follows."""
    return now if current is None else max(now, current.updated + _MICROSECOND)
