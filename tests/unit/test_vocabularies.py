from importlib.resources import files

import pytest

from service.core.errors import KnowledgeError
from service.core.vocabulary import Relation
from service.knowledge.vocabularies import read_vocabularies, shipped_vocabularies
from tests.support.spoilt import copied, spoil

SHIPPED = files("service.knowledge") / "definitions"


@pytest.fixture
def folder(tmp_path):
    """A copy of the shipped files, to be spoiled."""
    return copied(SHIPPED, tmp_path)


def test_the_shipped_files_are_whole():
    shipped = shipped_vocabularies()
    assert len(shipped.by_name) == 17
    assert {a.relation for a in shipped.answers} == {*Relation}
    assert "http://loinc.org" in shipped.notices


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("terms.csv", "her2-provenance,", "her2-origin,", "no such vocabulary: her2-origin"),
        ("terms.csv", ",Preferred,", ",,", "column display: empty"),
        ("vocabularies.csv", "her2-flag,", "her2-rule,", "her2-rule stands twice"),
        ("category_map.csv", "LOW,low,same", "LOW,low,alike", "alike"),
        ("category_map.csv", "NULL,negative,narrower", "BLUE,negative,narrower", "BLUE"),
        ("category_map.csv", "LOW,low,same", "LOW,,same", "an answer, or the relation none"),
        ("category_map.csv", "NOT_TESTED,", "POSITIVE,", "no line for NOT_TESTED"),
        ("copyrights.csv", "http://loinc.org,", ",", "column system: empty"),
    ],
)
def test_a_spoiled_file_is_refused_with_its_place(folder, name, old, new, said):
    spoil(folder, name, old, new)
    with pytest.raises(KnowledgeError, match=said):
        read_vocabularies(folder)
