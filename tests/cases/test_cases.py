"""Every fixture case gets the answer that it expects, through every door the same."""

import pytest

from service.fhir.json import decode
from tests.support.cases import cases, differences
from tests.support.doors import by_command, by_http, by_use_case

CASES = cases()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_is_answered_as_it_expects_through_every_door(case):
    answer = by_use_case(case)
    assert differences(case, decode(answer)) == []
    assert by_http(case) == answer
    assert by_command(case) == answer


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_says_what_it_is_and_where_it_comes_from(case):
    assert case.said["title"]
    assert case.said["source"]
    assert case.said["covers"]
    assert case.said["expect"]["patients"]
    assert {p.name for p in case.folder.iterdir()} == {"case.yaml", "bundle.json"}
