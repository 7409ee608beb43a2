"""Retention: what stood since a time stays, what no longer stood then goes, what stands stays."""

from datetime import timedelta

from sqlalchemy import func, select

from service.adapters.store import removing
from service.adapters.store.tables import audit, version
from service.usecases.record.prune import prune
from service.usecases.record.removal import Removed
from tests.support.evidence import ihc, patient, specimen

DAY = timedelta(days=1)


def pruned(endpoint, days):
    return sum(prune(endpoint.store, days * DAY, endpoint.now), Removed())


def scored(endpoint, *scores):
    """IHC results of one Observation, ten days apart, and ten days after the last."""
    endpoint.put(patient())
    for score in scores:
        endpoint.put(ihc(score, name="o"))
        endpoint.now += 10 * DAY


def told(endpoint):
    with endpoint.store.engine.connect() as connection:
        wanted = select(func.count()).select_from(audit).where(audit.c.interaction == "$prune")
        return connection.scalar(wanted)


def numbers(endpoint, path):
    return [entry["response"]["etag"] for entry in endpoint.history(path)]


def test_what_stands_is_kept_however_old(endpoint):
    scored(endpoint, "3+")
    endpoint.now += 3650 * DAY
    assert pruned(endpoint, 1) == Removed()
    assert endpoint.read("Observation/anna-o")["valueString"] == "3+"
    assert told(endpoint) == 0


def test_a_version_is_as_old_as_the_moment_since_when_it_no_longer_stands(endpoint):
    scored(endpoint, "1+", "2+", "3+")  # 30, 20 and 10 days ago
    assert pruned(endpoint, 25) == Removed()
    assert pruned(endpoint, 15).versions > 0
    assert numbers(endpoint, "Observation/anna-o") == ['W/"3"', 'W/"2"']
    endpoint.read("Observation/anna-o/_history/1", status=404)


def test_a_resource_that_was_deleted_longer_ago_goes_with_all_its_versions(endpoint):
    scored(endpoint, "1+", "3+")
    endpoint.call("DELETE", "Observation/anna-o")
    endpoint.now += 5 * DAY
    pruned(endpoint, 6)
    endpoint.read("Observation/anna-o", status=410)
    removed = pruned(endpoint, 4)
    assert removed.resources == 1
    endpoint.read("Observation/anna-o", status=404)
    with endpoint.store.engine.connect() as connection:
        wanted = select(func.count()).select_from(version)
        newest = connection.scalar(wanted)
    assert newest == len({e["fullUrl"] for e in endpoint.history()})


def test_a_prune_is_one_row_of_the_log_and_says_until_when(endpoint, monkeypatch):
    monkeypatch.setattr(removing, "AT_ONCE", 2)
    scored(endpoint, "1+", "2+", "3+", "1+", "3+")
    batches = list(prune(endpoint.store, 5 * DAY, endpoint.now))
    assert len(batches) > 2
    assert all(batch.versions <= 2 for batch in batches)
    assert told(endpoint) == 1
    [entry] = endpoint.read("AuditEvent?patient:missing=true")["entry"]
    assert entry["resource"]["action"] == "D"
    assert "2027-01-06T12:00:00.000Z" in entry["resource"]["entity"][0]["what"]["display"]


def answer(endpoint, day):
    said = endpoint.read(f"Patient/anna/$assess-her2?as-of={day.date()}")
    categories = [
        c["code"]
        for entry in said["entry"]
        for c in entry["resource"].get("valueCodeableConcept", {}).get("coding", [])
        if c["system"].endswith("her2-category")
    ]
    remarks = [
        issue["details"]["text"]
        for entry in said["entry"]
        if entry["resource"]["resourceType"] == "OperationOutcome"
        for issue in entry["resource"]["issue"]
    ]
    return sorted(categories), [text for text in remarks if "removed from the record" in text]


def test_days_that_are_kept_are_answered_as_before_and_earlier_ones_say_what_may_be_missing(
    endpoint,
):
    endpoint.put(specimen())
    scored(endpoint, "1+", "2+", "3+")
    days = [endpoint.now - n * DAY for n in (25, 15, 5)]
    before = [answer(endpoint, day) for day in days]
    assert len({tuple(categories) for categories, _ in before}) == 3
    assert not any(remarks for _, remarks in before)
    assert pruned(endpoint, 16).versions > 0
    after = [answer(endpoint, day) for day in days]
    assert after[1:] == before[1:]
    assert after[0][1]


def test_a_deleted_resource_that_came_back_is_not_removed(endpoint):
    scored(endpoint, "1+")
    endpoint.call("DELETE", "Observation/anna-o")
    endpoint.now += 10 * DAY
    endpoint.put(ihc("3+", name="o"))
    endpoint.now += 10 * DAY
    pruned(endpoint, 1)
    assert numbers(endpoint, "Observation/anna-o") == ['W/"3"']
