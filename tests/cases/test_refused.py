"""Every refusal of fixtures/refused: its status, its places, and nothing of the patient."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from service.cli import main
from tests.support.cases import FIXTURES
from tests.support.doors import FHIR_JSON, flags_of, post, run, the_outcome

#: Elements whose content names a person or leads to one, wherever they stand in a body.
NAMING = ("family", "given", "birthDate", "line", "telecom")


@dataclass(frozen=True)
class Refused:
    """One folder under fixtures/refused."""

    folder: Path
    said: dict

    @property
    def body(self):
        return (self.folder / self.said["body"]).read_bytes()

    @property
    def query(self):
        return {name: [str(value)] for name, value in self.said.get("query", {}).items()}

    @property
    def headers(self):
        accept = {"Accept": self.said["accept"]} if "accept" in self.said else {}
        return {"Content-Type": self.said.get("content-type", FHIR_JSON), **accept}


def _refused():
    folders = sorted(f for f in (FIXTURES / "refused").iterdir() if f.is_dir())
    return [
        Refused(f, yaml.safe_load((f / "case.yaml").read_text(encoding="utf-8"))) for f in folders
    ]


REFUSED = _refused()
#: What the command can be told too: no headers, options that it has, and not an array of
#: resources, which it reads.
OPTIONS = {option.name.replace("_", "-") for option in main.commands["assess"].params}
TOLD_TO_THE_COMMAND = [
    r
    for r in REFUSED
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


@pytest.mark.parametrize("refused", REFUSED, ids=lambda refused: refused.folder.name)
def test_a_refusal_has_its_status_and_names_every_place(refused):
    answer = post(refused.body, refused.query, refused.headers)
    expected = refused.said["expect"]
    assert answer.status_code == expected["status"]
    issues = the_outcome(answer)["issue"]
    assert all(issue["severity"] in ("error", "fatal") for issue in issues)
    if "code" in expected:
        assert expected["code"] in [issue["code"] for issue in issues]
    told = [e for issue in issues for e in issue.get("expression", [])]
    for where in expected.get("expression", []):
        assert any(t == where or t.startswith((f"{where}.", f"{where}[")) for t in told), told


@pytest.mark.parametrize("refused", REFUSED, ids=lambda refused: refused.folder.name)
def test_a_refusal_says_nothing_of_the_patient(refused):
    said = post(refused.body, refused.query, refused.headers).get_data(as_text=True)
    repeated = {word for word in people_in(refused.body) if word in said}
    assert repeated == set()


@pytest.mark.parametrize("refused", TOLD_TO_THE_COMMAND, ids=lambda refused: refused.folder.name)
def test_the_command_refuses_with_the_same_outcome(refused):
    done = run("assess", "-", *flags_of(refused.query), sent=refused.body)
    assert done.exit_code == 1
    assert json.loads(done.stdout) == the_outcome(
        post(refused.body, refused.query, refused.headers)
    )


def test_the_words_about_people_are_found_in_a_body():
    refused = next(r for r in REFUSED if r.folder.name == "an-ihc-that-says-see-report")
    people = people_in(refused.body)
    assert any(word.startswith("INVENTED-") for word in people)
    assert any(re.fullmatch(r"19\d\d-\d\d-\d\d", word) for word in people)
