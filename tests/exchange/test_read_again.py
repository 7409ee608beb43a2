"""What could not be read of a patient's record is read when that is possible."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.core.errors import ServerAway
from service.usecases.exchange.read_again import read_again
from tests.exchange.exchange_support import watched
from tests.support.hospital import Hospital
from tests.support.sources import ihc, ish


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Hospital]:
    """A result came while the source could not be asked for the rest: an ISH is there too."""
    with watched(f"sqlite:///{tmp_path / 'her2.db'}") as found:
        found.put(ish())
        result = found.put(ihc())
        found.server.fault("503")
        found.notify(result)
        found.work()
        yield found


def transient(clinic: Hospital, patient: str = "p1") -> list[str]:
    """What is missing and may be readable later."""
    key = f"Patient/{clinic.trading.prefix}{patient}"
    missing = clinic.trading.desk.missing(clinic.source.name, key) or ()
    return [lack.type for lack in missing if lack.transient]


def kind_of(clinic: Hospital) -> str:
    """What kind of plan stands in our record, and how many versions of it there were."""
    derived = clinic.endpoint.derived(f"Patient/{clinic.trading.prefix}p1")
    (plan,) = [r for r in derived.values() if r["resourceType"] == "CarePlan" and "partOf" not in r]
    coding = plan["category"][0]["coding"][0]
    return f"{coding['code']} {plan['meta']['versionId']}"


def test_a_record_is_whole_once_its_source_is_back(clinic):
    assert transient(clinic)
    assert kind_of(clinic).startswith("testing-only")
    clinic.server.fault("ok")
    clinic.later(minutes=1)
    assert read_again(clinic.trading) == 1
    assert transient(clinic) == []
    assert not kind_of(clinic).startswith("testing-only")
    clinic.later(minutes=1)
    assert read_again(clinic.trading) == 0


def test_a_source_that_is_still_away_changes_nothing(clinic):
    before = kind_of(clinic)
    for _ in range(3):
        clinic.later(minutes=1)
        with pytest.raises(ServerAway):
            read_again(clinic.trading)
    assert kind_of(clinic) == before
    assert transient(clinic)


def test_a_patient_of_a_source_with_a_prefix_is_asked_for_by_his_own_id(tmp_path):
    with watched(f"sqlite:///{tmp_path / 'her2.db'}", id_prefix="north.") as clinic:
        result = clinic.put(ihc())
        clinic.server.fault("503")
        clinic.notify(result)
        clinic.work()
        assert transient(clinic)
        clinic.server.fault("ok")
        clinic.later(minutes=1)
        before = len(clinic.server.log)
        assert read_again(clinic.trading) == 1
        paths = [entry["path"] for entry in clinic.server.log[before:]]
        assert paths[0] == "/fhir/Patient/p1"
        assert not any("north" in path for path in paths)
        assert transient(clinic) == []
