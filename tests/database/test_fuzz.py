"""Evidence with something wrong in it, Bundles with odd requests, odd searches and addresses: all
are answered or refused, on both databases."""

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from tests.support.endpoint import Endpoint
from tests.support.fhir_answers import check_answer
from tests.support.odd import SOUND, TEXTS, as_json, bundles, quoted, resources, searches

BASES = st.sampled_from(["/fhir/r4", "/fhir/r5"])
HEADERS = st.dictionaries(
    st.sampled_from(["If-Match", "If-None-Exist", "If-None-Match", "Prefer"]),
    TEXTS.map(lambda text: text.encode("latin-1", "ignore").decode("latin-1")).filter(
        str.isprintable
    )
    | st.sampled_from(['W/"1"', "*", "handling=lenient", "return=minimal", "identifier=urn:lab|7"]),
    max_size=2,
)
OFTEN = settings(
    max_examples=150,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def base(database_url):
    endpoint = Endpoint(database_url)
    for resource in SOUND:
        assert endpoint.put(resource).status_code == 201
    yield endpoint
    endpoint.close()


def check(endpoint, method, path, base, body=None, **headers):
    answer = endpoint.call(method, path, body, base, **headers)
    check_answer(base, answer.status_code, answer.headers, answer.get_data())


@seed(1)
@OFTEN
@given(
    resource=resources(),
    method=st.sampled_from(["PUT", "POST"]),
    fhir=BASES,
    headers=HEADERS,
    id=st.none() | TEXTS,
)
def test_a_resource_with_something_wrong_in_it(base, resource, method, fhir, headers, id):
    kind = resource.get("resourceType")
    kind = kind if kind in [r["resourceType"] for r in SOUND] else "Observation"
    own = resource.get("id") if id is None and isinstance(resource.get("id"), str) else id or "x"
    path = f"{kind}/{quoted(own)}" if method == "PUT" else kind
    check(base, method, path, fhir, as_json(resource), **headers)
    check(base, "POST", "$assess-her2", fhir, as_json(resource), Prefer="handling=lenient")


@seed(2)
@OFTEN
@given(
    bundle=bundles(),
    fhir=BASES,
    headers=HEADERS,
    door=st.sampled_from(["", "$process-message", "$assess-her2"]),
)
def test_a_bundle_with_odd_requests(base, bundle, fhir, headers, door):
    check(base, "POST", door, fhir, as_json(bundle), **headers)


@seed(3)
@OFTEN
@given(asked=searches(), fhir=BASES, headers=HEADERS)
def test_an_odd_search(base, asked, fhir, headers):
    kind, query = asked
    check(base, "GET", f"{kind}?{query}", fhir, **headers)
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    check(base, "POST", f"{kind}/_search", fhir, query.encode(), **form)
    check(base, "DELETE", f"Observation?{query}", fhir, **headers)


@seed(4)
@OFTEN
@given(
    method=st.sampled_from(["GET", "DELETE"]),
    path=st.sampled_from(
        [
            "Patient/{}",
            "Patient/{}/_history",
            "Patient/{}/_history/{}",
            "Patient/{}/$assess-her2",
            "AuditEvent/{}",
            "AuditEvent?entity={}&date={}",
            "_history?_since={}",
            "_history?_at={}&_count={}",
        ]
    ),
    said=TEXTS,
    fhir=BASES,
    headers=HEADERS,
)
def test_an_odd_address(base, method, path, said, fhir, headers):
    check(base, method, path.format(quoted(said), quoted(said)), fhir, **headers)
