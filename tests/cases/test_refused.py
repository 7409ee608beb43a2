"""Every refusal of fixtures/refused, in R4 and R5: status, places, nothing of the patient."""

import json
import re

import pytest

from service.cli import main
from tests.support.doors import flags_of, run, the_outcome
from tests.support.refused import refused as refused_bodies

#: Elements whose content names a person or leads to one, wherever they stand in a body.
NAMING = ("family", "given", "birthDate", "line", "telecom")


REFUSED = refused_bodies()
#: Each at the address of each FHIR version that refuses it.
ASKED = [(r, version) for r in REFUSED for version in r.versions]
#: What the command can be told too: no headers, options that it has, and not an array of
#: resources, which it reads.
OPTIONS = {option.name.replace("_", "-") for option in main.commands["assess"].params}
TOLD_TO_THE_COMMAND = [
    (r, version)
    for r, version in ASKED
    if not r.said.keys() & {"accept", "content-type"}
    and r.query.keys() <= OPTIONS
    and not r.body.lstrip().startswith(b"[")
    and r.body
]


def words_about_people(value, inside=False):
    """Every name, identifier value, date of birth and narrative word of a decoded body."""
    if isinstance(value, dict):
        for key, inner in value.items():
            named = inside or key in NAMING
            yield from words_about_people(inner, named)
            if key == "identifier":
                for one in inner if isinstance(inner, list) else [inner]:
                    if isinstance(one, dict) and isinstance(one.get("value"), str):
                        yield one["value"]
    elif isinstance(value, list):
        for inner in value:
            yield from words_about_people(inner, inside)
    elif inside and isinstance(value, str):
        yield value


def people_in(body):
    """The words that an error text may not hold, of whatever part of the body can be read."""
    try:
        return {"Invented", *words_about_people(json.loads(body))}
    except (ValueError, RecursionError):
        text = body.decode(errors="replace")
        dates = re.findall(r'"birthDate":\s*"([^"]+)"', text)
        return {"Invented", *dates, *re.findall(r"INVENTED-[A-Z0-9-]+", text)}


def each(asked):
    """A test of each body at each address."""
    names = [f"{refused.name}-{version}" for refused, version in asked]
    return pytest.mark.parametrize(("refused", "version"), asked, ids=names)


@each(ASKED)
def test_a_refusal_has_its_status_and_names_every_place(refused, version):
    answer = refused.answer(version)
    expected = refused.said["expect"]
    assert answer.status_code == expected["status"]
    issues = the_outcome(answer)["issue"]
    assert all(issue["severity"] in ("error", "fatal") for issue in issues)
    if "code" in expected:
        assert expected["code"] in [issue["code"] for issue in issues]
    told = [e for issue in issues for e in issue.get("expression", [])]
    for where in expected.get("expression", []):
        assert any(t == where or t.startswith((f"{where}.", f"{where}[")) for t in told), told


@each(ASKED)
def test_a_refusal_says_nothing_of_the_patient(refused, version):
    said = refused.answer(version).get_data(as_text=True)
    repeated = {word for word in people_in(refused.body) if word in said}
    assert repeated == set()


@each(TOLD_TO_THE_COMMAND)
def test_the_command_refuses_with_the_same_outcome(refused, version):
    flags = [*flags_of(refused.query), "--fhir", version.value]
    done = run("assess", "-", *flags, sent=refused.body)
    assert done.exit_code == 1
    assert json.loads(done.stdout) == the_outcome(refused.answer(version))


@each([(r, v.other) for r, v in ASKED if "only" in r.said])
def test_what_only_one_version_refuses_is_taken_at_the_address_it_names(refused, version):
    assert version.base in refused.answer(version.other).get_data(as_text=True)
    assert refused.answer(version).status_code == 200


def test_the_words_about_people_are_found_in_a_body():
    refused = next(r for r in REFUSED if r.name == "an-ihc-that-says-see-report")
    people = people_in(refused.body)
    assert any(word.startswith("INVENTED-") for word in people)
    assert any(re.fullmatch(r"19\d\d-\d\d-\d\d", word) for word in people)
