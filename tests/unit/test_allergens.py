"""The table of allergens: what may not start the service, and what must stand in it."""

import pytest

from service.core.errors import KnowledgeError
from service.knowledge.allergens import read_allergens, without_itself
from tests.support.cases import library

HEAD = "drug,allergen,names,source,verification\n"
LINE = "docetaxel,docetaxel,docetaxel;taxotere,label,G\n"


def read(tmp_path, text):
    """The table of this text."""
    file = tmp_path / "allergens.csv"
    file.write_text(text, encoding="utf-8")
    return read_allergens(file, {"docetaxel"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + LINE + LINE, "line 3, column allergen: docetaxel stands twice"),
        (HEAD + LINE.replace("docetaxel,", "docetaxol,", 1), "column drug: docetaxol is not known"),
        (HEAD + LINE.replace("label", ""), "line 2, column source: empty"),
        (HEAD + LINE.replace("docetaxel;taxotere", ""), "column names: empty"),
        (HEAD + LINE.replace(";taxotere", ";"), "column names: 'docetaxel;' lists something empty"),
        (HEAD + LINE.replace("taxotere", "Taxotere"), "'Taxotere' is not written in small letters"),
        (HEAD.replace("source", "reference") + LINE, "unknown columns ['reference']"),
    ],
)
def test_a_table_that_is_not_whole_is_refused_with_its_place(tmp_path, text, said):
    with pytest.raises(KnowledgeError) as refused:
        read(tmp_path, text)
    assert said in str(refused.value)


def test_a_line_is_read_as_written(tmp_path):
    (allergen,) = read(tmp_path, HEAD + LINE)
    assert (allergen.drug, allergen.allergen) == ("docetaxel", "docetaxel")
    assert allergen.names == ("docetaxel", "taxotere")


def test_a_drug_that_is_no_allergen_of_itself_is_told(tmp_path):
    allergens = read(tmp_path, HEAD + LINE)
    assert list(without_itself(allergens, ["docetaxel"])) == []
    (told,) = without_itself(allergens, ["docetaxel", "eribulin"])
    assert "eribulin" in told


def test_every_drug_of_a_rule_stands_in_the_shipped_table():
    therapy = library().regimens
    drugs = {c.drug for rule in therapy.rules.values() for c in rule.components}
    members = {m for drug in drugs & {*therapy.partners} for m in therapy.partners[drug].members}
    assert {a.drug for a in therapy.allergens} >= drugs | members


def test_the_conjugates_of_trastuzumab_hold_trastuzumab():
    said = {a.drug for a in library().regimens.allergens if a.allergen == "trastuzumab"}
    assert {"trastuzumab", "trastuzumab emtansine", "trastuzumab deruxtecan"} <= said
