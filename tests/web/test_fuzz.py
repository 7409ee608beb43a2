"""schemathesis sends every door what our OpenAPI description allows, and what it does not."""

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    positive_data_acceptance,
)
from werkzeug.datastructures import Headers

from service.settings import Settings
from service.wiring import create_app
from tests.support.endpoint import Endpoint
from tests.support.evidence import ihc, patient, specimen
from tests.support.fhir_answers import check_answer
from tests.support.sources import source_at

CONFIG = schemathesis.Config.from_dict(
    {
        "seed": 20261122,
        "generation": {"deterministic": True, "max-examples": 4, "database": "none"},
        "phases": {"stateful": {"enabled": False}},
    }
)
#: Types whose doors are the same lines as Observation's or ValueSet's; what differs is what they
#: are searched by, and tests/database/test_fuzz.py searches all of them.
ALIKE = (
    "AllergyIntolerance|Condition|DiagnosticReport|Procedure|Specimen|Medication(Administration|"
    "Request|Statement)|CarePlan|ActivityDefinition|Library|[OPS][a-zA-Z]+(Definition|Parameter)"
)
#: The description says which requests are well formed, not what FHIR asks of a resource or of a
#: search: what it allows may be refused, and what it does not name (another query) may be ignored.
NOT_SAID = [positive_data_acceptance, negative_data_rejection]

described = schemathesis.openapi.from_wsgi(
    "/openapi.json", create_app(Settings(database_url="sqlite://")), config=CONFIG
)


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """Of a base in which something is kept, and of a source something is in quarantine."""
    source = source_at("http://127.0.0.1:9/fhir")
    endpoint = Endpoint(
        f"sqlite:///{tmp_path_factory.mktemp('fuzz') / 'her2.db'}", sources=(source,)
    )
    endpoint.store.desk.settle_in([(source.name, source.at.base, None)])
    for resource in (patient(), specimen(), ihc("3+")):
        assert endpoint.put(resource).status_code == 201
    assert endpoint.client().post("/notify/hapi", data=b"<").status_code == 204
    yield endpoint.client()
    endpoint.close()


@described.exclude(path_regex=f"/({ALIKE})(/|$)").parametrize()
@settings(suppress_health_check=list(HealthCheck), deadline=None)
def test_every_door_answers_as_it_is_described(case, client):
    if case.path.startswith(("/notify", "/quarantine")):
        # Which source is configured and what is in quarantine, no description tells.
        there = {"source": "hapi", "number": "1"}
        case.path_parameters |= {n: v for n, v in there.items() if n in case.path_parameters}
    answer = case.call(session=client)
    # An answer without a body has no media type, which schemathesis does not know.
    unasked = [*NOT_SAID, *([] if answer.content else [content_type_conformance])]
    case.validate_response(answer, excluded_checks=unasked)
    headers = Headers([(name, value) for name, [value] in answer.headers.items()])
    check_answer(case.formatted_path, answer.status_code, headers, answer.content)
