"""What the diagnoses say: invasive, in situ or secondary, which side, which histology."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.fhir.coder import Coder
from service.fhir.entries import Located
from service.fhir.index import codings
from service.fhir.lab_words import IN_SITU, INVASIVE, as_list, concept_texts
from service.fhir.numbers_in_text import plain

_SECONDARY = re.compile(r"\bsecondary malignant|\bmetasta\w*")
_BREAST = re.compile(r"\bbreast|\bmamm\w*|\bductal|\blobular")
_LEFT = re.compile(r"\bleft\b|\blinks\b|\blinke\w*\b")
_RIGHT = re.compile(r"\bright\b|\brechts\b|\brechte\w*\b")
_SPECIAL_TYPE = re.compile(
    r"\btubular\b|\bmucinous\b|\bcolloid\b|\bcribriform\b|\badenoid cystic\b"
)
_MIXED = re.compile(r"\bmixed\b|\btubulo-?lobular\b|\bpartly\b")
_SIDE_BY_ICD = {"1": "right", "2": "left"}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One Condition. kind: invasive, in-situ, secondary, regional or empty. side: left, right."""

    located: Located
    kind: str
    side: str
    recurrence: bool
    text: str

    @property
    def key(self) -> str:
        return self.located.reference or self.located.where


def read_diagnosis(located: Located, coder: Coder) -> Diagnosis | None:
    """The diagnosis, or None when it was refuted or entered in error."""
    resource = located.resource
    if _code(resource, "verificationStatus") in ("refuted", "entered-in-error"):
        return None
    code = resource.get("code")
    text = " . ".join(plain(t) for t in concept_texts(code))
    return Diagnosis(
        located=located,
        kind=_kind(code, text, coder),
        side=side_of(resource.get("bodySite"), text, coder) or _side_by_icd(code),
        recurrence=_code(resource, "clinicalStatus") in ("recurrence", "relapse")
        or "recurren" in text,
        text=text,
    )


def _code(resource: Mapping[str, Any], name: str) -> str:
    return next((str(c.get("code")) for c in codings(resource.get(name))), "")


def _kind(code: object, text: str, coder: Coder) -> str:
    concepts = coder.concepts("condition", code)
    concepts += [
        found
        for c in codings(code)
        if (
            found := coder.codes.concept_by_prefix(
                "condition-prefix", c.get("system"), c.get("code")
            )
        )
    ]
    for kind in ("in-situ", "secondary", "regional", "invasive"):
        if kind in concepts:
            return kind
    if _SECONDARY.search(text) and not _BREAST.search(text):
        return "secondary"
    if not _BREAST.search(text):
        return ""
    if IN_SITU.search(text) and not INVASIVE.search(text):
        return "in-situ"
    return "invasive" if re.search(r"carcinoma|cancer|malignant|neoplasm", text) else ""


def side_of(sites: object, text: str, coder: Coder) -> str:
    """left or right by body site codes or words; empty when unknown or both."""
    places = sites if isinstance(sites, list) else [sites]
    concepts = {c for site in places for c in coder.concepts("site", site)}
    words = " . ".join([text, *(plain(t) for site in places for t in concept_texts(site))])
    left = "left-breast" in concepts or bool(_LEFT.search(words))
    right = "right-breast" in concepts or bool(_RIGHT.search(words))
    return "" if left == right else "left" if left else "right"


def _side_by_icd(code: object) -> str:
    """ICD-10-CM C50.x1y: the sixth character is 1 for the right, 2 for the left breast."""
    for coding in codings(code):
        match = re.fullmatch(r"(?:C50\.\d[12]|D05\.\d)([12])", str(coding.get("code")))
        if match and str(coding.get("system")).endswith("icd-10-cm"):
            return _SIDE_BY_ICD[match[1]]
    return ""


def special_histology(diagnoses: list[Diagnosis]) -> bool:
    """A pure tubular, mucinous, cribriform or adenoid cystic carcinoma is diagnosed (W18)."""
    return any(
        d.kind == "invasive" and _SPECIAL_TYPE.search(d.text) and not _MIXED.search(d.text)
        for d in diagnoses
    )


def ductal_or_lobular(diagnoses: list[Diagnosis]) -> bool:
    """Infiltrating ductal (NST) or lobular carcinoma is diagnosed."""
    return any(
        d.kind == "invasive"
        and re.search(r"\bductal\b|\blobular\b|no special type|\bnst\b", d.text)
        for d in diagnoses
    )


def all_texts(values: object) -> str:
    """The texts of one CodeableConcept or of several, plain."""
    places = values if isinstance(values, list) else [values]
    return " . ".join(plain(t) for place in as_list(places) for t in concept_texts(place))
