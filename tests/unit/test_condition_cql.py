"""A condition of the tables, printed as CQL."""

import pytest

from service.core.condition import Condition, parse
from service.core.facts import FactKind
from service.fhir.definitions.condition_cql import cql_of, one_of, string

KINDS = {
    "metastatic": FactKind.TRUTH,
    "pregnant": FactKind.TRUTH,
    "lines": FactKind.COUNT,
    "lvef": FactKind.NUMBER,
    "child_pugh": FactKind.LETTER,
}


def printed(text):
    return cql_of(parse(text, KINDS, "the test"), lambda fact: f'"{fact}"')


@pytest.mark.parametrize(
    ("text", "cql"),
    [
        ("True", "true"),
        ("metastatic", '"metastatic"'),
        ("not metastatic", 'not "metastatic"'),
        ("lvef < 50", '"Below"("lvef", 50.0)'),
        ("lvef <= 2.5", '"At Most"("lvef", 2.5)'),
        ("lines > 1", '"Above"("lines", 1.0)'),
        ("lines >= 10", '"At Least"("lines", 10.0)'),
        ("lines == 0", '"Is"("lines", 0.0)'),
        ("lines != 2", 'not "Is"("lines", 2.0)'),
        ("child_pugh == 'C'", '"Is"("child_pugh", \'C\')'),
        ("child_pugh != 'C'", 'not "Is"("child_pugh", \'C\')'),
    ],
)
def test_each_kind_of_condition_has_its_expression(text, cql):
    assert printed(text) == cql


def test_brackets_stand_where_the_tree_has_branches():
    said = printed("metastatic and not (pregnant or lines == 1) and (lvef < 50 or lvef > 70)")
    assert said == (
        '"metastatic" and not ("pregnant" or "Is"("lines", 1.0))'
        ' and ("Below"("lvef", 50.0) or "Above"("lvef", 70.0))'
    )


def test_what_a_rule_makes_of_a_fact_stands_in_its_place():
    condition = parse("not metastatic and pregnant", KINDS, "the test")
    assert cql_of(condition, {"metastatic": "false", "pregnant": '"p"'}.get) == 'not false and "p"'


def test_a_condition_that_nobody_can_print_is_an_error():
    class Strange(Condition):
        def evaluate(self, known):
            return None

        def sentence(self, words):
            return ""

        def __str__(self):
            return "strange"

    with pytest.raises(TypeError, match="strange"):
        cql_of(Strange(), str)


def test_a_quote_does_not_end_a_string():
    assert string("St John's \\wort") == r"'St John\'s \\wort'"


def test_an_empty_list_says_of_what_it_is():
    assert one_of(["a", "b"]) == "{ 'a', 'b' }"
    assert one_of([]) == "List<String>{}"
