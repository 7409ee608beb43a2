"""The real server, as `her2 serve` starts it."""

import json
from http.client import HTTPConnection

import pytest

from tests.support.server import running

from .conftest import ASSESS


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The port of a running service, and the file of its log; stopped as an operator stops it."""
    log = tmp_path_factory.mktemp("served") / "log"
    with running(log) as port:
        yield port, log


def ask(port, method, path, body=None, headers=None, **how):
    """Status, Content-Type and parsed body of one request."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body, headers or {}, **how)
        answer = connection.getresponse()
        said = answer.read()
        return answer.status, answer.headers["Content-Type"], json.loads(said) if said else None
    finally:
        connection.close()


def test_the_service_says_that_it_is_ready(server):
    status, _, said = ask(server[0], "GET", "/health/ready")
    assert status == 200
    assert said["status"] == "ready"
    assert said["drugs"] > 0


@pytest.mark.parametrize("path", [ASSESS, "/fhir/r4/%24assess-her2"])
def test_a_chunked_body_without_a_length_is_read(server, path):
    headers = {"Content-Type": "application/fhir+json"}
    status, _, said = ask(server[0], "POST", path, iter([b"{", b"]"]), headers, encode_chunked=True)
    assert status == 400
    assert "not JSON" in said["issue"][0]["details"]["text"]


def test_a_chunked_body_over_the_limit_is_refused(server):
    headers = {"Content-Type": "application/fhir+json"}
    body = iter([b" " * 1_048_576] * 5 + [b" "])
    status, kind, said = ask(server[0], "POST", ASSESS, body, headers, encode_chunked=True)
    assert (status, kind) == (413, "application/fhir+json; charset=utf-8")
    assert said["issue"][0]["code"] == "too-long"


@pytest.mark.parametrize("method", ["GET", "TRACE", "OPTIONS", "FOO"])
def test_an_odd_request_is_an_outcome(server, method):
    for path in ("/fhir/r4/%ff%00", "/..%2f..%2fetc", "/fhir/r4/$assess-her2/%24"):
        status, kind, said = ask(server[0], method, path)
        assert (status, kind) == (404, "application/fhir+json; charset=utf-8")
        assert said["resourceType"] == "OperationOutcome"


def test_the_log_has_a_line_a_request(server):
    port, log = server
    ask(port, "GET", "/health/live", headers={"X-Request-Id": "seen-in-the-log"})
    lines = [json.loads(x) for x in log.read_text().splitlines() if x.startswith("{")]
    assert [x["route"] for x in lines if x["request_id"] == "seen-in-the-log"] == ["/health/live"]
