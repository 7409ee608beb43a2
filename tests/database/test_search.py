"""Search as callers write it, over both databases."""

from contextlib import ExitStack
from urllib.parse import parse_qs

import pytest
from sqlalchemy import insert, select, text

from service.adapters.store.engine import engine_of
from service.adapters.store.search import found, meeting
from service.adapters.store.tables import metadata, resource, search_value
from service.fhir.search_values import search_values, ways_of
from service.fhir.version import FhirVersion
from service.knowledge.search_parameters import shipped_search
from service.usecases.record.asked import MOST_CONDITIONS, criteria, read_asked

OWN = "http://her2.example/fhir/r4"
LOINC = "http://loinc.org"


class Shelf:
    """Resources put straight into the tables, and searched."""

    def __init__(self, connection):
        self.connection = connection
        self.updated = 0

    def keep(self, kind, id, release="r4", derived=False, deleted=False, **elements):
        self.updated += 1_000_000
        row = {"type": kind, "id": id, "release": release, "derived": derived}
        row |= {
            "deleted": deleted,
            "updated": self.updated,
            "number": 1,
            "patient": "",
            "digest": b"",
        }
        pk = self.connection.execute(insert(resource).values(row)).inserted_primary_key[0]
        parameters = shipped_search()[release].parameters[kind].values()
        names = ("name", "system", "value", "low", "high")
        values = [
            {"resource": pk, "type": kind, **{n: getattr(v, n) for n in names}}
            for v in search_values({"resourceType": kind, **elements}, ways_of(parameters))
        ]
        if values:
            self.connection.execute(insert(search_value), values)

    def query(self, kind, query, release=FhirVersion.R4):
        sent = parse_qs(query, keep_blank_values=True)
        return found(self.connection, read_asked(kind, release, sent, OWN).query)

    def ids(self, kind, query, release=FhirVersion.R4):
        keys, _, _ = self.query(kind, query, release)
        rows = self.connection.execute(select(resource.c.pk, resource.c.id))
        by_key = {row.pk: row.id for row in rows}
        return [by_key[key] for key in keys]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def engine(request, tmp_path_factory):
    """One database for all of these tests: each takes back what it put in."""
    with ExitStack() as stack:
        if request.param == "postgresql":
            url = stack.enter_context(request.getfixturevalue("cluster").database())
        else:
            url = f"sqlite:///{tmp_path_factory.mktemp('search') / 'her2.db'}"
        engine = engine_of(url)
        metadata.create_all(engine)
        yield engine
        engine.dispose()


@pytest.fixture
def shelf(engine):
    with engine.connect() as connection:
        yield Shelf(connection)
        connection.rollback()


def code(value, system=LOINC):
    return {"coding": [{"system": system, "code": value} if system else {"code": value}]}


@pytest.fixture
def coded(shelf):
    shelf.keep("Observation", "loinc", code=code("48676-1"), status="final")
    shelf.keep("Observation", "local", code=code("48676-1", "urn:lab"), status="amended")
    shelf.keep("Observation", "bare", code=code("HER2", None))
    shelf.keep("Observation", "none")
    return shelf


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", ["loinc", "local", "bare", "none"]),
        ("code=48676-1", ["loinc", "local"]),
        (f"code={LOINC}|48676-1", ["loinc"]),
        (f"code={LOINC}|", ["loinc"]),
        ("code=|her2", ["bare"]),
        ("code=|48676-1", []),
        ("code=Her2,urn:lab|48676-1", ["local", "bare"]),
        ("code=48676-1&status=final", ["loinc"]),
        ("code:not=48676-1", ["bare", "none"]),
        (f"code:not={LOINC}|48676-1,her2", ["local", "none"]),
        ("code:missing=true", ["none"]),
        ("code:missing=false", ["loinc", "local", "bare"]),
        ("_id=none,loinc", ["loinc", "none"]),
        ("_id:not=none,loinc", ["local", "bare"]),
        ("code=x\\,y", []),
    ],
)
def test_codes(coded, query, ids):
    assert coded.ids("Observation", query) == ids


def test_a_resource_of_another_type_is_not_found(coded):
    coded.keep("DiagnosticReport", "report", code=code("48676-1"))
    assert coded.ids("DiagnosticReport", "code=48676-1") == ["report"]


def test_what_is_deleted_is_not_found(coded):
    coded.keep("Observation", "gone", deleted=True, code=code("48676-1"))
    assert "gone" not in coded.ids("Observation", "")
    assert "gone" not in coded.ids("Observation", "code:not=her2")


def test_evidence_is_found_in_the_version_it_came_in_and_what_we_derive_in_both(shelf):
    shelf.keep("Observation", "four", status="final")
    shelf.keep("Observation", "five", release="r5", status="final")
    shelf.keep("Observation", "ours", derived=True, status="final")
    assert shelf.ids("Observation", "status=final") == ["four", "ours"]
    assert shelf.ids("Observation", "status=final", FhirVersion.R5) == ["five", "ours"]


def test_an_identifier_is_found_as_it_is_written(shelf):
    shelf.keep("Specimen", "a", identifier=[{"system": "urn:lab", "value": "S1a"}])
    assert shelf.ids("Specimen", "identifier=urn:lab|S1a") == ["a"]
    assert shelf.ids("Specimen", "identifier=S1a") == ["a"]
    assert shelf.ids("Specimen", "identifier=S1A") == []
    assert shelf.ids("Specimen", "identifier=|S1a") == []


@pytest.fixture
def named(shelf):
    people = {"muller": ("Müller", "Anne"), "mueller": ("Mueller", "ANNA"), "zoe": ("Zoë", "M_n%")}
    for id, (family, given) in people.items():
        shelf.keep("Patient", id, name=[{"family": family, "given": [given]}])
    return shelf


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("family=mu", ["muller", "mueller"]),
        ("family=MÜLL", ["muller"]),
        ("family=uller", []),
        ("family:contains=ELLER", ["mueller"]),
        ("family:exact=Müller", ["muller"]),
        ("family:exact=müller", []),
        ("name=ann", ["muller", "mueller"]),
        ("given:contains=%25", ["zoe"]),
        ("given:contains=_", ["zoe"]),
        ("given=m_n", ["zoe"]),
        ("given=m.n", []),
    ],
)
def test_names(named, query, ids):
    assert named.ids("Patient", query) == ids


#: The example of a day's morning, a day, a month, and periods with an open end.
@pytest.fixture
def dated(shelf):
    shelf.keep("Observation", "instant", effectiveDateTime="2026-03-10T08:00:00Z")
    shelf.keep("Observation", "day", effectiveDateTime="2026-03-11")
    shelf.keep("Observation", "month", effectiveDateTime="2026-03")
    shelf.keep("Observation", "since", effectivePeriod={"start": "2026-03-12"})
    shelf.keep("Observation", "until", effectivePeriod={"end": "2026-03-09"})
    shelf.keep("Observation", "undated")
    return shelf


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("date=2026-03-10", ["instant"]),
        ("date=2026-03", ["instant", "day", "month"]),
        ("date=eq2026-03-11", ["day"]),
        ("date=ne2026-03", ["since", "until"]),
        ("date=gt2026-03-10", ["day", "month", "since"]),
        ("date=ge2026-03-11", ["day", "month", "since"]),
        ("date=lt2026-03-11", ["instant", "month", "until"]),
        ("date=le2026-03-11", ["instant", "day", "month", "until"]),
        ("date=sa2026-03-10", ["day", "since"]),
        ("date=eb2026-03-11", ["instant", "until"]),
        ("date=ap2026-03-10", ["instant", "month"]),
        ("date=ge2026-03-10&date=le2026-03-11", ["instant", "day", "month"]),
        ("date=2026-03-10,2026-03-11", ["instant", "day"]),
        ("date=2026-03-10T09:00:00%2B01:00", ["instant"]),
        ("date=2026-03-10T09:00:00+01:00", ["instant"]),
        ("date:missing=true", ["undated"]),
    ],
)
def test_dates(dated, query, ids):
    assert dated.ids("Observation", query) == ids


def test_when_it_was_last_changed(coded):
    rows = coded.connection.execute(select(resource.c.id, resource.c.updated)).all()
    assert [row.updated for row in rows] == [1_000_000, 2_000_000, 3_000_000, 4_000_000]
    assert coded.ids("Observation", "_lastUpdated=1970-01-01T00:00:02Z") == ["local"]
    assert coded.ids("Observation", "_lastUpdated=gt1970-01-01T00:00:02Z") == ["bare", "none"]


@pytest.fixture
def referred(shelf):
    shelf.keep(
        "Patient",
        "1",
        identifier=[{"system": "urn:mrn", "value": "M1"}],
        name=[{"family": "One"}],
        gender="female",
    )
    shelf.keep("Patient", "gone", deleted=True, identifier=[{"value": "M9"}])
    shelf.keep("Specimen", "s", type=code("TISS", "urn:v2"))
    specimen = {"reference": "Specimen/s"}
    shelf.keep("Observation", "local", subject={"reference": "Patient/1"}, specimen=specimen)
    shelf.keep("Observation", "away", subject={"reference": "http://other.example/Patient/1"})
    shelf.keep("Observation", "group", subject={"reference": "Group/1"})
    shelf.keep("Observation", "logical", subject={"identifier": {"value": "M1"}})
    shelf.keep("Observation", "orphan", subject={"reference": "Patient/gone"})
    return shelf


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("subject=Patient/1", ["local"]),
        ("subject=1", ["local", "group"]),
        ("subject:Patient=1", ["local"]),
        ("patient=1", ["local"]),
        (f"patient={OWN}/Patient/1", ["local"]),
        ("patient=http://other.example/Patient/1", ["away"]),
        ("subject:identifier=M1", ["logical"]),
        ("subject:missing=true", []),
        ("patient:missing=true", ["group"]),
        ("patient.identifier=urn:mrn|M1", ["local"]),
        ("subject.identifier=M1", ["local"]),
        ("subject:Patient.family=on", ["local"]),
        ("subject:Patient.family:exact=on", []),
        ("patient.gender=female,male", ["local"]),
        ("patient.identifier=M9", []),
        ("patient._id=1", ["local"]),
        ("patient._lastUpdated=lt2026", ["local"]),
        ("specimen.type=tiss", ["local"]),
    ],
)
def test_references(referred, query, ids):
    assert referred.ids("Observation", query) == ids


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("_sort=date", ["month", "until", "instant", "day", "since", "undated"]),
        ("_sort=-date", ["month", "since", "day", "instant", "until", "undated"]),
        ("_sort=-_lastUpdated", ["undated", "until", "since", "month", "day", "instant"]),
        ("_sort=_id", ["day", "instant", "month", "since", "undated", "until"]),
        ("_sort=status,-_id", ["until", "undated", "since", "month", "instant", "day"]),
    ],
)
def test_order(dated, query, ids):
    assert dated.ids("Observation", query) == ids


def test_pages_follow_one_another(dated):
    assert dated.query("Observation", "_count=2")[1:] == (6, True)
    assert dated.query("Observation", "_count=2&_offset=4")[1:] == (6, False)
    pages = [dated.ids("Observation", f"_sort=status&_count=4&_offset={n}") for n in (0, 4)]
    assert [*pages[0], *pages[1]] == dated.ids("Observation", "")


def test_the_total_is_counted_when_it_is_asked_for(dated):
    assert dated.query("Observation", "_total=none&_count=1")[1:] == (None, True)
    assert dated.query("Observation", "_summary=count") == ([], 6, False)


def test_a_condition_tells_none_one_and_many_apart(shelf):
    for id, value in (("a", "1"), ("b", "2"), ("c", "2"), ("d", "2")):
        shelf.keep("Observation", id, identifier=[{"system": "s", "value": value}])

    def many(value):
        query = criteria("Observation", FhirVersion.R4, f"identifier=s%7C{value}", OWN)
        return len(found(shelf.connection, query)[0])

    assert [many(value) for value in "012"] == [0, 1, 2]


def test_a_search_with_the_most_values_is_still_answered(coded):
    many = ",".join(f"{LOINC}|{n}" for n in range(290))
    assert coded.ids("Observation", f"code={many},her2") == ["bare"]
    days = ",".join(f"20{n:02}-01-01" for n in range(100))
    assert coded.ids("Observation", "&".join([f"date={days}"] * 3)) == []
    nested = "&".join(["patient.family=x"] * MOST_CONDITIONS)
    assert coded.ids("Observation", nested) == []


def test_a_value_of_any_length_can_be_kept_and_found(shelf):
    long = "Ω" * 5_000
    shelf.keep(
        "Patient", "long", identifier=[{"system": long, "value": long}], name=[{"text": long}]
    )
    assert shelf.ids("Patient", f"identifier={long}|{long}") == ["long"]
    assert shelf.ids("Patient", f"identifier={long}") == ["long"]
    assert shelf.ids("Patient", f"identifier={long}x") == []
    assert shelf.ids("Patient", "name=ω") == ["long"]


@pytest.mark.parametrize("query", ["identifier=s|7", "name=an", "birthdate=1970-01-01"])
def test_an_index_serves_a_search(postgresql_url, query):
    engine = engine_of(postgresql_url)
    metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO resource SELECT n, 'Patient', n, 1, n, 'r4', '', false, false, '' "
                "FROM generate_series(1, 5000) n"
            )
        )
        connection.execute(
            text(
                "INSERT INTO search_value SELECT n, 'Patient', name, 's', "
                "CASE name WHEN 'birthdate' THEN NULL ELSE 'x' || n END, "
                "CASE name WHEN 'birthdate' THEN n * 86400000000 END, "
                "CASE name WHEN 'birthdate' THEN n * 86400000000 END "
                "FROM generate_series(1, 5000) n, "
                "unnest(ARRAY['identifier','name','birthdate']) name"
            )
        )
        connection.execute(text("ANALYZE"))
        asked = read_asked("Patient", FhirVersion.R4, parse_qs(query), OWN)
        statement = meeting(asked.query).compile(connection, compile_kwargs={"literal_binds": True})
        plan = "\n".join(connection.execute(text(f"EXPLAIN {statement}")).scalars())
        assert "Seq Scan on search_value" not in plan
        assert "search_value_" in plan
    engine.dispose()
