from datetime import UTC, datetime

import pytest

from service.fhir.json import encode
from service.fhir.searchset import searchset
from service.fhir.version import FhirVersion
from service.usecases.record.asked import read_asked
from service.usecases.record.listing import listing
from service.usecases.record.port import Found, Method, Version

OWN = "http://her2.example/fhir/r4"
THEN = datetime(2026, 11, 22, tzinfo=UTC)


def version(kind, id, release=FhirVersion.R4, derived=False, **elements):
    body = encode({"resourceType": kind, "id": id, **elements})
    r5 = body if derived else None
    return Version(kind, id, 1, release, THEN, Method.PUT, "", body, r5, derived=derived)


class Record:
    """A reader that answers each search with a page of what it holds of the type.

    more: which of its answers, counted from 1, says that more follow.
    """

    def __init__(self, *versions, total=None, more=0):
        self.versions, self.total, self.more = versions, total, more
        self.asked = []

    def find(self, query):
        self.asked.append(query)
        held = [v for v in self.versions if v.type == query.type]
        return Found(held, self.total, len(self.asked) == self.more)

    def by_ids(self, references):
        wanted = list(references)
        assert all(len(reference.split("/")) == 2 for reference in wanted)
        return [v for v in self.versions if v.reference in wanted]


RECORD = (
    version(
        "Observation",
        "o",
        status="final",
        subject={"reference": "Patient/1"},
        specimen={"reference": "Specimen/s"},
        performer=[{"reference": "http://other.example/Practitioner/9"}],
        note=[{"text": "Said."}],
        text={"status": "generated", "div": "<div>O</div>"},
        valueString="3+",
        _valueString={"id": "v"},
    ),
    version("Patient", "1"),
    version("Specimen", "s", release=FhirVersion.R5),
    version("Provenance", "p", derived=True, target=[{"reference": "Observation/o"}]),
)


def page(sent, record=None, kind="Observation"):
    query = {k: [v] if isinstance(v, str) else v for k, v in sent.items()}
    asked = read_asked(kind, FhirVersion.R4, query, OWN)
    return listing(asked, record or Record(*RECORD, total=1))


def included(sent):
    return [f"{r['resourceType']}/{r['id']}" for r in page(sent).included]


def test_a_match_has_its_version_and_time():
    [match] = page({}).resources
    assert match["meta"]["versionId"] == "1"
    assert match["meta"]["lastUpdated"].startswith("2026-11-22")


def test_nothing_comes_besides_unless_it_is_asked_for():
    assert page({}).included == ()


def test_what_a_match_refers_to_can_come_with_it():
    assert included({"_include": "Observation:subject"}) == ["Patient/1"]
    assert included({"_include": "Observation:subject:Group"}) == []
    assert included({"_include": ["Observation:subject", "Observation:patient"]}) == ["Patient/1"]


def test_evidence_of_the_other_version_does_not_come_along():
    assert included({"_include": "*"}) == ["Patient/1"]


def test_what_refers_to_a_match_can_come_with_it():
    assert included({"_revinclude": "Provenance:target"}) == ["Provenance/p"]


def test_a_match_is_not_included_once_more():
    twin = version("Observation", "o", hasMember=[{"reference": "Observation/o"}])
    found = page({"_include": "Observation:has-member"}, Record(twin))
    assert found.included == ()


def test_all_that_refers_is_read_however_much_it_is():
    record = Record(*RECORD, more=2)
    page({"_include": "Observation:subject", "_revinclude": "Provenance:target"}, record)
    asked = [(query.type, query.offset) for query in record.asked]
    assert asked == [("Observation", 0), ("Provenance", 0), ("Provenance", 500)]


def test_the_links_repeat_what_was_used_and_lead_to_the_neighbours():
    sent = {"code": "a|b,c", "_sort": "-date", "_count": "1", "_offset": "1"}
    found = page(sent, Record(*RECORD, total=3, more=1))
    assert found.query == "code=a%7Cb,c&_sort=-date&_count=1&_offset=1"
    assert found.next == "code=a%7Cb,c&_sort=-date&_count=1&_offset=2"
    assert found.previous == "code=a%7Cb,c&_sort=-date&_count=1"


def test_a_count_is_a_bundle_without_entries():
    bundle = searchset(page({"_summary": "count"}, Record(total=7)), f"{OWN}/Observation")
    assert bundle["total"] == 7
    assert "entry" not in bundle
    assert [link["relation"] for link in bundle["link"]] == ["self"]


def test_a_total_that_was_not_counted_is_left_out():
    found = page({"_total": "none"}, Record(*RECORD))
    assert "total" not in searchset(found, f"{OWN}/Observation")


def test_the_bundle_says_what_is_a_match_and_what_came_along():
    found = page({"_revinclude": "Provenance:target"})
    entries = searchset(found, f"{OWN}/Observation")["entry"]
    assert [(e["fullUrl"], e["search"]["mode"]) for e in entries] == [
        (f"{OWN}/Observation/o", "match"),
        (f"{OWN}/Provenance/p", "include"),
    ]


SUBSETTED = "SUBSETTED"


@pytest.mark.parametrize(
    ("sent", "elements"),
    [
        ({"_summary": "true"}, {"status", "subject", "specimen", "performer", "valueString"}),
        ({"_summary": "text"}, {"status", "text"}),
        (
            {"_summary": "data"},
            {"status", "subject", "specimen", "performer", "note", "valueString"},
        ),
        ({"_elements": "note"}, {"status", "note"}),
        ({"_elements": "value,subject"}, {"status", "subject", "valueString"}),
    ],
)
def test_a_short_form_keeps_what_it_must_and_says_that_it_is_short(sent, elements):
    [match] = page(sent).resources
    kept = {k for k in match if not k.startswith("_")} - {"resourceType", "id", "meta"}
    if sent == {"_summary": "true"}:
        elements = elements - {"specimen"}  # which is no element of FHIR's summary
    assert kept == elements
    assert [tag["code"] for tag in match["meta"]["tag"]] == [SUBSETTED]
    assert ("_valueString" in match) is ("valueString" in match)


def test_the_whole_form_is_not_tagged():
    [match] = page({"_summary": "false"}).resources
    assert "tag" not in match["meta"]


def test_what_comes_along_is_as_short_as_the_matches():
    [provenance] = page({"_revinclude": "Provenance:target", "_summary": "true"}).included
    assert "target" in provenance
    assert provenance["meta"]["tag"][-1]["code"] == SUBSETTED
