"""HL7's validator finds no fault in anything that the service emits."""

import re
import shutil
import time
from dataclasses import dataclass
from functools import cache
from itertools import chain

import pytest

from service.fhir.json import encode
from service.fhir.version import FhirVersion
from tests.contract import bad, balp, kept
from tests.contract.emitted import PROFILES, everything, without_repeats
from tests.contract.envelopes import envelopes
from tests.judges.validator import judge

VERSIONS = (FhirVersion.R4, FhirVersion.R5)
ACCEPTED = PROFILES / "accepted-messages.txt"
SHOWN = 20


def accepted():
    """The lines of profiles/accepted-messages.txt: each a regex, under a comment that says why."""
    lines, why = [], False
    for number, line in enumerate(ACCEPTED.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("#"):
            why = True
        elif not line.strip():
            why = False
        else:
            assert why, f"{ACCEPTED.name}, line {number}: no comment above says why"
            lines.append(re.compile(line))
    return lines


@dataclass(frozen=True)
class Judged:
    """One run of the validator."""

    verdict: object

    @property
    def of_bodies(self):
        return [m for m in self.verdict.messages if not m.body.startswith("bad: ")]

    @property
    def errors(self):
        return [m for m in self.of_bodies if m.is_grave]

    @property
    def remarks(self):
        """Warnings and information, as a line of the accepted messages sees them."""
        return [(f"{m.severity}: {m.where}: {m.text}", m) for m in self.of_bodies if not m.is_grave]


def definitions(version, folder):
    """The folder of all that the judge knows beside FHIR: ours and, in R4, IHE's."""
    known = folder / "definitions"
    shutil.copytree(PROFILES / version, known)
    if version is FhirVersion.R4:
        balp.write_balp(known / "balp")
    return known


def bodies(version, folder):
    """Name and line of each body, the spoilt ones last. folder: where databases may be."""
    for name, body in without_repeats(everything(version)):
        yield name, encode(body)
    for name, body in chain(envelopes(version, folder), kept.of_cases(version, folder)):
        yield name, encode(body)
    for name, body in [*bad.of_ours(version), *bad.seeded(version)]:
        yield name, encode(body)


@pytest.fixture(scope="module")
def run(tmp_path_factory, tell):
    """What the validator says of every body in a version: one run, when first asked for."""

    @cache
    def of(version):
        begun = time.monotonic()
        folder = tmp_path_factory.mktemp(f"validator-{version}")
        known = definitions(version, folder)
        done = Judged(judge(version.name, known, bodies(version, folder), folder))
        spoilt = sum(name.startswith("bad: ") for name in done.verdict.bodies)
        tell(
            f"HL7's validator, {version.name}: {len(done.verdict.bodies) - spoilt} bodies judged,"
            f" {len(done.errors)} errors, in {time.monotonic() - begun:.0f} s;"
            f" {spoilt} spoilt ones beside them"
        )
        return done

    return of


@pytest.fixture(params=VERSIONS, ids=str)
def version(request):
    return request.param


@pytest.fixture
def judged(run, version):
    return run(version)


def some(lines):
    """Few enough lines to read, and how many there are."""
    lines = [str(line) for line in lines]
    return "\n".join([f"{len(lines)}:", *lines[:SHOWN]])


def test_no_body_has_an_error(judged):
    assert not judged.errors, some(judged.errors)


def test_every_warning_and_remark_is_one_that_was_accepted_with_its_reason(judged):
    lines = accepted()
    untold = {line: m for line, m in judged.remarks if not any(a.search(line) for a in lines)}
    assert not untold, some(untold.values())


def test_every_accepted_message_is_still_said(run):
    said = {line for version in VERSIONS for line, _ in run(version).remarks}
    stale = [a.pattern for a in accepted() if not any(a.search(line) for line in said)]
    assert not stale, some(stale)


@pytest.mark.parametrize("name", bad.CALLED)
def test_a_fault_put_into_a_good_answer_is_named(judged, name):
    told = [m.text for m in judged.verdict.messages if m.body == name and m.is_grave]
    assert any(re.search(bad.CALLED[name], text) for text in told), told


def test_every_seeded_bad_resource_is_refused_for_its_fault(judged, version):
    named = bad.seeded_and_named(version)
    judged_bad = {name for name in judged.verdict.bodies if name.startswith("bad: seeded: ")}
    assert judged_bad == named.keys()
    told = {
        m.body
        for m in judged.verdict.messages
        if m.is_grave and any(word in f"{m.where} {m.text}" for word in named.get(m.body, ()))
    }
    assert told == named.keys(), some(sorted(named.keys() - told))
