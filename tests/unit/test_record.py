"""Which resources of a record count on a day, and how results are found."""

import pytest

from service.fhir.coder import Coder
from service.fhir.facts.record import PatientRecord, began, dated
from tests.support.safety import ALT, AST, LVEF, TODAY, ago, number, record, result


def spanning(start, end, name="o", **more):
    """An LVEF whose period is given in days ago; None leaves an end out."""
    period = {k: ago(v) for k, v in (("start", start), ("end", end)) if v is not None}
    said = result(LVEF, number(60), days=None, name=name, effectivePeriod=period)
    return said | more


def counted(*resources):
    """The ids that count, as they came."""
    return [r.id for r in record(*resources).of_type("Observation")]


@pytest.mark.parametrize(
    ("start", "end", "counts"),
    [
        (30, -30, True),
        (0, -30, True),
        (-1, -30, False),
        (30, 1, True),
        (30, None, True),
        (-1, None, False),
        (None, 1, True),
        (None, -1, False),
    ],
)
def test_a_resource_counts_when_it_began_by_the_day(start, end, counts):
    assert counted(spanning(start, end)) == (["o"] if counts else [])


@pytest.mark.parametrize("name", ["performedPeriod", "occurrencePeriod"])
def test_an_operation_that_began_counts_though_it_ends_later(name):
    operation = {
        "resourceType": "Procedure",
        "id": "p",
        "status": "in-progress",
        "subject": {"reference": "Patient/anna"},
        name: {"start": ago(1), "end": ago(-5)},
    }
    assert [r.id for r in record(operation).of_type("Procedure")] == ["p"]
    later = operation | {name: {"start": ago(-1), "end": ago(-5)}}
    assert not list(record(later).of_type("Procedure"))


def test_the_moment_that_makes_the_newest_is_still_the_end():
    (located,) = record(spanning(30, 2)).of_type("Observation")
    assert dated(located).day.isoformat() == ago(2)
    assert began(located).day.isoformat() == ago(30)
    both = record(spanning(30, 2, "long"), result(LVEF, number(55), 5, "short"))
    assert [o.id for o in both.observations("lvef")] == ["short", "long"]


def test_a_point_in_time_begins_on_its_day():
    (located,) = record(result(LVEF, number(60), 3)).of_type("Observation")
    assert began(located) == dated(located)
    assert counted(result(LVEF, number(60), -1)) == []
    assert counted(result(LVEF, number(60), None)) == [f"o-{LVEF}-None"]


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled"])
def test_a_resource_in_error_does_not_count(status):
    assert counted(spanning(30, 1, status=status)) == []


def test_several_types_come_in_the_order_of_the_record():
    found = record(
        result(LVEF, number(60), name="a"),
        {"resourceType": "Procedure", "id": "b", "subject": {"reference": "Patient/anna"}},
        result(ALT, number(60), name="c"),
    )
    assert [r.id for r in found.of_type("Observation", "Procedure")] == ["a", "b", "c"]
    assert [r.id for r in found.of_type("Observation")] == ["a", "c"]
    assert list(found.of_type("Specimen")) == []


def test_results_of_several_tests_are_each_found_once_the_newest_last():
    found = record(
        result(AST, number(1), 1), result(ALT, number(1), 2), result(LVEF, number(60), 3)
    )
    assert [o.id for o in found.observations("alt", "ast")] == [f"o-{ALT}-2", f"o-{AST}-1"]
    both = result(ALT, number(1), 4, "both")
    both["code"]["coding"].append({"system": "http://loinc.org", "code": AST})
    assert [o.id for o in record(both).observations("alt", "ast")] == ["both"]
    assert found.observations("qtc") == []


def test_each_code_is_looked_up_once(monkeypatch):
    found = record(*(result(ALT, number(1), n) for n in range(1, 21)))
    asked = []
    looked_up = Coder.concepts
    monkeypatch.setattr(
        Coder, "concepts", lambda self, *args: asked.append(args) or looked_up(self, *args)
    )
    for test in ("alt", "ast", "lvef", "alt"):
        found.observations(test)
    assert len(asked) == 20


def test_a_record_on_another_day_finds_its_own():
    later = record(spanning(-1, -3))
    assert later.observations("lvef") == []
    moved = PatientRecord(
        None, later.resources, [], later.index, later.coder, TODAY.replace(month=12)
    )
    assert [o.id for o in moved.observations("lvef")] == ["o"]


def test_a_reader_reads_a_record_once():
    asked = []

    def read(of):
        asked.append(of)
        return len(of.resources)

    found, other = record(result(LVEF, number(60))), record()
    assert [found.once(read), found.once(read), other.once(read)] == [1, 1, 0]
    assert asked == [found, other]
