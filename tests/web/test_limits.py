import gzip
import io
import zlib

import pytest
from werkzeug.test import create_environ
from werkzeug.wrappers import Response

from service.core.errors import NotFhir, TooLarge
from service.web.inflate import inflate

from .conftest import ASSESS, outcome

LIMIT = 2048
JSON = {"Content-Type": "application/fhir+json"}
PACKED = JSON | {"Content-Encoding": "gzip"}


def padded(size):
    """A JSON object of exactly `size` bytes."""
    return b'{"a":"' + b"x" * (size - 8) + b'"}'


class Endless(io.RawIOBase):
    """A body that never ends, and knows how much of it was read."""

    def __init__(self):
        self.given = 0

    def readable(self):
        return True

    def readinto(self, into):
        self.given += len(into)
        into[:] = b"x" * len(into)
        return len(into)


def test_a_body_of_just_the_limit_is_read(client, calls):
    assert client.post(ASSESS, data=padded(LIMIT), headers=JSON).status_code == 200
    assert calls


@pytest.mark.parametrize("size", [LIMIT + 1, LIMIT + 2, 5 * LIMIT])
def test_a_body_over_the_limit_is_refused_before_it_is_parsed(client, calls, size):
    answer = client.post(ASSESS, data=b"\xff" * size, headers=JSON)
    assert answer.status_code == 413
    assert outcome(answer)["code"] == "too-long"
    assert str(LIMIT) in outcome(answer)["details"]["text"]


def chunked(app, stream):
    environ = create_environ(ASSESS, method="POST", headers=JSON)
    environ.pop("CONTENT_LENGTH", None)
    environ |= {"wsgi.input": stream, "wsgi.input_terminated": True}
    return Response.from_app(app, environ)


def test_a_body_without_a_length_is_read_up_to_the_limit(app, calls):
    assert chunked(app, io.BytesIO(padded(LIMIT))).status_code == 200
    assert chunked(app, io.BytesIO(padded(LIMIT + 1))).status_code == 413
    assert len(calls) == 1


def test_an_endless_body_is_read_to_one_byte_over_the_limit(app, calls):
    stream = Endless()
    assert chunked(app, stream).status_code == 413
    assert stream.given == LIMIT + 1


def test_a_gzipped_body_is_read(client, calls):
    body = gzip.compress(b'{"resourceType":"Bundle"}')
    assert client.post(ASSESS, data=body, headers=PACKED).status_code == 200
    assert calls[0][0] == {"resourceType": "Bundle"}


def test_gzip_of_just_the_limit_is_read_and_one_byte_more_is_not(client, calls):
    for size, status in ((LIMIT, 200), (LIMIT + 1, 413)):
        body = gzip.compress(padded(size))
        assert client.post(ASSESS, data=body, headers=PACKED).status_code == status


def test_a_gzip_bomb_is_refused_without_being_unpacked(client, calls):
    bomb = gzip.compress(b"\0" * 1_000_000)
    assert len(bomb) < LIMIT
    assert client.post(ASSESS, data=bomb, headers=PACKED).status_code == 413


def test_many_small_gzip_members_do_not_pass_the_limit_together():
    member = gzip.compress(b"x" * 1000)
    assert inflate(member * 2, LIMIT) == b"x" * 2000
    with pytest.raises(TooLarge):
        inflate(member * 3, LIMIT)


@pytest.mark.parametrize(
    "body",
    [b"{}", gzip.compress(b"{}")[:-4], zlib.compress(b"{}"), gzip.compress(b"{}") + b"more"],
)
def test_what_says_gzip_and_is_not_is_refused(client, calls, body):
    answer = client.post(ASSESS, data=body, headers=PACKED)
    assert answer.status_code == 400
    assert "gzip" in outcome(answer)["details"]["text"]


def test_gzip_that_unpacks_to_nothing_is_an_empty_body():
    assert inflate(gzip.compress(b""), LIMIT) == b""
    with pytest.raises(NotFhir):
        inflate(gzip.compress(b"")[:5], LIMIT)


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "zstd"])
def test_another_content_encoding_is_refused(client, calls, encoding):
    answer = client.post(ASSESS, data=b"{}", headers=JSON | {"Content-Encoding": encoding})
    assert answer.status_code == 415
    assert answer.headers["Accept-Encoding"] == "gzip"
    outcome(answer)


@pytest.mark.parametrize("headers", [{}, JSON, PACKED])
def test_an_empty_body_is_refused_as_empty(client, calls, headers):
    body = gzip.compress(b"") if headers is PACKED else b""
    answer = client.post(ASSESS, data=body, headers=headers)
    assert answer.status_code == 400
    assert "empty" in outcome(answer)["details"]["text"]


def test_a_form_with_absurdly_many_fields_is_refused(client):
    form = "&".join(f"a{i}=" for i in range(300))
    answer = client.post(
        "/fhir/r4/MedicationKnowledge/_search",
        data=form,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == 400
    outcome(answer)
