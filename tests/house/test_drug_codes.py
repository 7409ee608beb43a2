"""RxNorm concepts stand twice, for two readers: the two say the same of each."""

from __future__ import annotations

import csv
from importlib.resources import files

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
KNOWLEDGE = files("service.knowledge")


def _rows(*path):
    file = KNOWLEDGE.joinpath(*path)
    return list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))


def _family(drugs):
    """The family that the records of one concept belong to; several records are ambiguous."""
    named = drugs.split(";")
    if len(named) > 1:
        return "trastuzumab-ambiguous"
    return "trastuzumab" if named[0].startswith("trastuzumab-") else named[0]


def test_the_drug_codes_and_the_rxnorm_map_say_the_same():
    families = {
        row["code"]: row["concept"].removesuffix("-ingredient")
        for row in _rows("codes", "therapy.csv")
        if row["group"] == "drug" and row["system"] == RXNORM
    }
    mapped = {
        row["code"]: _family(row["drugs"]) for row in _rows("therapy", "2026-05", "rxnorm_map.csv")
    }
    assert mapped
    assert {code: families.get(code) for code in mapped} == mapped
