"""Whose resource it is: one key a patient, however the references are written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from service.fhir.entries import Located
from service.fhir.index import Index, without_version
from service.fhir.lab_words import as_list
from service.fhir.samples import business_identifier


@dataclass(frozen=True, slots=True)
class Subject:
    """A patient. key: stable for ever. reference: the FHIR Reference to emit."""

    key: str
    reference: Mapping[str, Any] | None
    located: Located | None = None

    @property
    def identifier(self) -> tuple[str, str] | None:
        """System and value of the patient's business identifier, when one was sent."""
        if self.located:
            return business_identifier(self.located.resource.get("identifier"))
        return business_identifier((self.reference or {}).get("identifier"))


NO_SUBJECT = Subject("", None)


class Patients:
    """The patients of a posted body."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._known: dict[str, Subject] = {}
        self._key_by_place: dict[str, str] = {}
        self._by_identifier = _by_identifier(index)

    def of(self, located: Located) -> Subject:
        """The patient that the resource's subject (or patient) names; NO_SUBJECT if none."""
        key = self._key_by_place.get(located.where)
        if key is None:
            key = self._key_by_place[located.where] = self._named_by(located).key
        return self._known[key] if key else NO_SUBJECT

    def _named_by(self, located: Located) -> Subject:
        reference = located.resource.get("subject") or located.resource.get("patient")
        if not isinstance(reference, dict):
            return NO_SUBJECT
        found = self._index.find(reference, host=located)
        if found:
            return self._of_resource(found, reference)
        text = reference.get("reference")
        if isinstance(text, str) and text and not text.startswith("#"):
            key = without_version(text)
            return self._keep(Subject(key, {"reference": key}))
        identifier = reference.get("identifier")
        named = business_identifier(identifier)
        if not named:
            return NO_SUBJECT
        posted = self._by_identifier.get(named)
        if posted:
            return self._of_resource(posted, {"reference": posted.reference})
        return self._keep(Subject(_key_by(named), {"identifier": identifier}))

    def _of_resource(self, found: Located, reference: Mapping[str, Any]) -> Subject:
        text = without_version(str(reference.get("reference")))
        named = business_identifier(found.resource.get("identifier"))
        key = self._key_of(found)
        if found.host:
            emitted: Mapping[str, Any] | None = (
                {"identifier": found.resource["identifier"][0]} if named else None
            )
        else:
            emitted = {"reference": text}
        return self._keep(Subject(key, emitted, found))

    def _key_of(self, found: Located) -> str:
        """A urn is new in every message: then the business identifier is who it is."""
        named = business_identifier(found.resource.get("identifier"))
        if named and (found.reference.startswith("urn:") or found.host):
            posted = self._by_identifier.get(named)
            return posted.reference if posted else _key_by(named)
        return found.reference or found.where

    def _keep(self, subject: Subject) -> Subject:
        """One Subject a key: the one with the resource, then the shortest reference."""
        known = self._known.get(subject.key)
        if known is None or _rank(subject) < _rank(known):
            self._known[subject.key] = subject
        return self._known[subject.key]

    def records(self) -> dict[str, list[Located]]:
        """Every resource of each patient, by the patient's key."""
        grouped: dict[str, list[Located]] = {}
        for located in self._index.resources:
            if located.type != "Patient":
                grouped.setdefault(self.of(located).key, []).append(located)
        return grouped

    def assessed(self, records: Iterable[str], without_subject: bool) -> list[Subject]:
        """Every patient that a resource names or is, sorted by key.

        `records`: the keys of `records()`. Results without a subject come last, if there are any.
        """
        keys = set(records) - {""}
        for located in self._index.of_type("Patient"):
            if not located.host and located.reference:
                keys.add(self._key_of(located))
                if self._key_of(located) not in self._known:
                    self._of_resource(located, {"reference": located.reference})
        return [self._known[k] for k in sorted(keys)] + ([NO_SUBJECT] if without_subject else [])


def _key_by(named: tuple[str, str]) -> str:
    return f"identifier|{named[0]}|{named[1]}"


def _by_identifier(index: Index) -> dict[tuple[str, str], Located]:
    """The Patients that have an address for good, by each identifier that no other one has."""
    found: dict[tuple[str, str], list[Located]] = {}
    for located in index.of_type("Patient"):
        if located.reference and not located.reference.startswith("urn:"):
            for identifier in as_list(located.resource.get("identifier")):
                if named := business_identifier(identifier):
                    found.setdefault(named, []).append(located)
    return {named: same[0] for named, same in found.items() if len(same) == 1}


def _rank(subject: Subject) -> tuple[bool, int, str]:
    text = str((subject.reference or {}).get("reference", ""))
    return (subject.located is None, len(text), text)
