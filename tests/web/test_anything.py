"""No request of any kind makes the service fail, redirect or answer with HTML."""

import json
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.settings import Settings
from service.wiring import create_app

from .conftest import ASSESS

# What a header can hold on the wire, a little steered towards what we read.
WORDS = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=40)
PIECES = st.sampled_from(
    [
        "application/fhir+json",
        "application/*",
        "*/*",
        ";q=0",
        ";q=0.5",
        "; fhirVersion=5.0",
        ";charset=utf-8",
        ",",
        '"',
        "\\",
        "=",
        "handling=lenient",
        "Bearer ",
        "gzip",
        'W/"1"',
        "charset*=utf-8''%ff",
    ]
)
VALUE = st.lists(PIECES | WORDS, max_size=6).map("".join)
NAMES = [
    "Accept",
    "Authorization",
    "Content-Encoding",
    "Content-Type",
    "Cookie",
    "Host",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "Prefer",
    "Range",
    "X-Forwarded-For",
    "X-Http-Method-Override",
    "X-Request-Id",
]
PATHS = [ASSESS, "/", "/fhir/r4/metadata", "/fhir/r4/MedicationKnowledge/_search", "/health/ready"]
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"]


@pytest.fixture(scope="module")
def client(empty_record):
    return create_app(Settings(database_url=empty_record)).test_client()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    method=st.sampled_from(METHODS),
    path=st.sampled_from(PATHS) | st.text(max_size=20).map(lambda text: "/fhir/r4/" + quote(text)),
    query=st.dictionaries(
        st.sampled_from(["_format", "_count", "code"]) | WORDS, VALUE, max_size=3
    ),
    headers=st.dictionaries(st.sampled_from(NAMES), VALUE, max_size=4),
    body=st.none() | st.binary(max_size=60),
)
def test_any_request_is_answered_in_json(client, calls, method, path, query, headers, body):
    answer = client.open(path, method=method, query_string=query, headers=headers, data=body)
    assert answer.status_code < 500
    assert not 300 <= answer.status_code < 400 or answer.status_code == 304
    if answer.status_code != 304:
        assert answer.content_type.split(";")[0] in ("application/fhir+json", "application/json")
    if answer.get_data():
        json.loads(answer.get_data())
