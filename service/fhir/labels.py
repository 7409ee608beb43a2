"""Security labels: an answer is as confidential as the strictest evidence it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from service.fhir.entries import Located
from service.fhir.lab_words import as_list

_CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
_STRICTER = ("U", "L", "M", "N", "R", "V")


def strictest(resources: Iterable[Located]) -> list[dict[str, Any]]:
    """The strictest confidentiality of the resources, and every other security label once."""
    level: Mapping[str, Any] | None = None
    others: dict[tuple[str, str], dict[str, Any]] = {}
    for located in resources:
        meta = located.resource.get("meta")
        for label in as_list(meta.get("security")) if isinstance(meta, dict) else []:
            if not isinstance(label, dict):
                continue
            if label.get("system") == _CONFIDENTIALITY and label.get("code") in _STRICTER:
                if level is None or _rank(label) > _rank(level):
                    level = label
            else:
                key = (str(label.get("system")), str(label.get("code")))
                others.setdefault(key, dict(label))
    labels = [dict(level)] if level else []
    return labels + [others[k] for k in sorted(others)]


def _rank(label: Mapping[str, Any]) -> int:
    return _STRICTER.index(str(label["code"]))
