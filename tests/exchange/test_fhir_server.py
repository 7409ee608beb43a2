"""The adapter against real servers on loopback that behave, misbehave and mean ill."""

import email.utils
import gzip
import logging
import os
import random
import shutil
import socket
import ssl
import subprocess
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from service import __version__
from service.adapters.fhir_server import FhirServer, Limits
from service.core.errors import ServerAway, ServerRefused, SettingsError
from service.usecases.exchange.server import Server
from service.usecases.exchange.source import Address
from tests.support import fhir_stub
from tests.support.faulty_server import (
    bomb,
    bundle,
    cut,
    cut_in_a_chunk,
    drips,
    drips_its_headers,
    endless,
    goes_on,
    packed,
    raw,
    refuses,
    running,
    says,
    sends,
    silent,
)
from tests.support.server import free_port

SECRET = "8412-77"  # stands for an identifier in queries, ids and bodies
PATIENT = {"resourceType": "Patient", "id": "p"}
OUTCOME = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "invalid", "diagnostics": f"No {SECRET} here"}],
}
SOON = Limits(connect=2, answer=1)
#: Longer than any of these limits, and far shorter than the ill server would take.
GENEROUS = 10


@pytest.fixture
def faulty():
    with running() as server:
        yield server


@pytest.fixture
def elsewhere():
    """Another server, that nobody may ask."""
    with running() as server:
        yield server
        assert server.asked == []


class Clock:
    """Time that passes only when it is slept."""

    def __init__(self, now=1_780_000_000.0):
        self.now, self.slept = now, []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


def client(server, limits=Limits(), clock=None, **address):  # noqa: B008
    clock = clock or Clock()
    at = Address(getattr(server, "base", server), **address)
    return FhirServer(at, limits, sleep=clock.sleep, clock=clock)


def told(call):
    """The error of a call, without a trace of what may name a patient."""
    with pytest.raises((ServerAway, ServerRefused)) as caught:
        call()
    assert SECRET not in f"{caught.value} {caught.value!r}"
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    return caught.value


def search(server):
    return server.search("Condition", [("patient", f"Patient/{SECRET}")])


# --- what it says and reads


def test_it_is_a_server_of_the_port(faulty):
    port: Server = client(faulty)
    assert isinstance(port, FhirServer)


def test_a_request_says_who_asks_and_for_what(faulty):
    faulty.will(says(PATIENT))
    client(faulty, authorization="Bearer abc").read("Patient", "p")
    (asked,) = faulty.asked
    assert (asked.method, asked.path) == ("GET", "/fhir/Patient/p")
    assert asked.headers["accept"] == "application/fhir+json"
    assert asked.headers["user-agent"] == f"her2-service/{__version__}"
    assert asked.headers["authorization"] == "Bearer abc"
    assert "cookie" not in asked.headers


def test_what_is_searched_for_is_encoded_once(faulty):
    faulty.will(says(bundle()))
    query = [("code", "http://loinc.org|1,http://loinc.org|2"), ("_lastUpdated", "ge2026+01 %&é")]
    client(faulty).search("Observation", query)
    assert faulty.asked[0].path == (
        "/fhir/Observation?code=http://loinc.org%7C1,http://loinc.org%7C2"
        "&_lastUpdated=ge2026%2B01%20%25%26%C3%A9"
    )


def test_criteria_are_encoded_once(faulty):
    faulty.will(says({"resourceType": "CarePlan", "id": "7"}))
    plan = {"resourceType": "CarePlan"}
    client(faulty).update(plan, "identifier=https://example.org/x|a b%&status=active")
    (asked,) = faulty.asked
    assert asked.path == (
        "/fhir/CarePlan?identifier=https://example.org/x%7Ca%20b%25&status=active"
    )


def test_numbers_keep_their_digits_there_and_back(faulty):
    faulty.will(sends(b'{"resourceType":"Observation","id":"o","x":2.50}'))
    seen = client(faulty).read("Observation", "o")
    assert seen["x"] == Decimal("2.50")
    client(faulty).update(seen)
    assert b'"x":2.50' in faulty.asked[-1].body
    assert faulty.asked[-1].headers["content-type"] == "application/fhir+json; charset=utf-8"
    assert faulty.asked[-1].headers["prefer"] == "return=minimal"


def test_a_packed_answer_is_unpacked(faulty):
    faulty.will(packed(PATIENT))
    assert client(faulty).read("Patient", "p") == PATIENT


@pytest.mark.parametrize("status", [404, 410])
def test_what_is_gone_is_none(faulty, status):
    faulty.will(says(OUTCOME, status=status))
    assert client(faulty).read("Patient", "p") is None
    client(faulty).delete("Patient", "p")
    faulty.will(sends(b"", status=status))
    assert client(faulty).read("Patient", "p") is None


def test_a_web_page_that_says_not_found_is_no_deletion(faulty):
    faulty.will(sends(b"<html>nothing here</html>", status=404, Content_Type="text/html"))
    assert told(lambda: client(faulty).read("Patient", "p")).status == 404
    assert told(lambda: client(faulty).delete("Patient", "p")).status == 404


@pytest.mark.parametrize("id", ["..", ".", "../metadata", "1?x=y", "1/_history", "a%2fb", "", "1#"])
def test_an_id_that_is_none_is_not_asked_for(faulty, id):
    for call in (client(faulty).read, client(faulty).delete):
        told(lambda call=call: call("Patient", id))
    told(lambda: client(faulty).operation(f"Subscription/{id or '..'}/$events%2f", []))
    assert faulty.asked == []


def test_an_operation_is_asked_for_below_the_base(faulty):
    faulty.will(says(bundle(kind="history")))
    client(faulty).operation("Subscription/1/$events", [("eventsSinceNumber", "3")])
    assert faulty.asked[0].path == "/fhir/Subscription/1/$events?eventsSinceNumber=3"


def test_a_capability_statement_is_remembered_for_ten_minutes(faulty):
    clock = Clock()
    faulty.will(says({"resourceType": "CapabilityStatement"}))
    server = client(faulty, clock=clock)
    assert server.capability() is server.capability()
    assert len(faulty.asked) == 1
    clock.now += 601
    server.capability()
    assert len(faulty.asked) == 2


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Location": "http://inner:8080/fhir/CarePlan/7/_history/2"}, "CarePlan/7"),
        ({"Location": "CarePlan/7"}, "CarePlan/7"),
        ({"Location": "/fhir/CarePlan/7/_history/1"}, "CarePlan/7"),
        ({"Content_Location": "CarePlan/7/_history/1"}, "CarePlan/7"),
        ({"Location": "http://inner/fhir/CarePlan/../_history/1"}, ""),
        ({"Location": "http://[/CarePlan/7"}, ""),
        ({}, ""),
    ],
)
def test_a_create_says_where_the_resource_is(faulty, headers, expected):
    faulty.will(sends(b"", status=201, **headers))
    made = client(faulty).create({"resourceType": "CarePlan"})
    assert (made.status, made.location, made.resource) == (201, expected, None)


def test_a_create_without_a_location_is_where_its_resource_says(faulty):
    faulty.will(says({"resourceType": "CarePlan", "id": "7"}, status=201))
    assert client(faulty).create({"resourceType": "CarePlan"}).location == "CarePlan/7"


def test_a_login_page_is_no_success(faulty):
    faulty.will(sends(b"<html>Sign in</html>", Content_Type="text/html"))
    assert told(lambda: client(faulty).update(PATIENT)).status == 200


# --- pages


def test_pages_are_followed_on_the_configured_base_alone(faulty, elsewhere):
    inner = f"{elsewhere.root}/fhir?_getpages=a&_getpagesoffset=2"
    note = {"resource": OUTCOME, "search": {"mode": "outcome"}}
    first = bundle(PATIENT, next=inner, meta={"lastUpdated": "2026-01-02T03:04:05.678+01:00"})
    first["entry"] += [note, {"resource": {"resourceType": "Group"}, "search": {"mode": "include"}}]
    faulty.will(says(first), says(bundle(PATIENT | {"id": "q"}, meta={"lastUpdated": "2027"})))
    found = search(client(faulty))
    assert [r["resourceType"] for r in found.resources] == ["Patient", "Group", "Patient"]
    assert found.complete
    assert found.asked_at == datetime(2026, 1, 2, 2, 4, 5, 678000, tzinfo=UTC)
    assert found.outcomes == (f"No {SECRET} here",)
    assert faulty.asked[1].path == "/fhir?_getpages=a&_getpagesoffset=2"


@pytest.mark.parametrize(
    "path",
    [
        "/other?page=2",
        "/fhirs?page=2",
        "/fhir/../admin",
        "/fhir/%2e%2e/admin",
        "/fhir/%252e%252e/admin",
        "/fhir/..%2fadmin",
        "/fhir/.%2e/admin",
        "/fhir\\..\\admin",
        "/fhir//evil",
        "/fhir/a b",
        "",
        "/fhir?" + "x" * 20_000,
    ],
)
def test_a_link_that_is_not_below_the_base_ends_the_search(faulty, elsewhere, path):
    faulty.will(says(bundle(PATIENT, next=f"{elsewhere.root}{path}")))
    found = search(client(faulty))
    assert (len(found.resources), found.complete, len(faulty.asked)) == (1, False, 1)
    assert "not below its base" in found.outcomes[0]


@pytest.mark.parametrize(
    "link", ["http://[::1", "//[x/fhir", "\x00", "/fhir", "../x", "http:fhir/x y"]
)
def test_a_link_that_is_no_address_ends_the_search(faulty, link):
    faulty.will(says(bundle(PATIENT, next=link)))
    assert not search(client(faulty)).complete
    assert len(faulty.asked) == 1


def test_what_is_included_on_every_page_is_found_once(faulty):
    patient = PATIENT | {"meta": {"versionId": "1"}}
    later = bundle(patient, patient | {"meta": {"versionId": "2"}})
    faulty.will(says(bundle(patient, next=f"{faulty.base}?page=2")), says(later))
    found = search(client(faulty)).resources
    assert [r["meta"]["versionId"] for r in found] == ["1", "2"]


def test_a_relative_link_is_followed(faulty):
    faulty.will(says(bundle(PATIENT, next="Condition?page=2")), says(bundle(PATIENT)))
    assert search(client(faulty)).complete
    assert faulty.asked[1].path == "/fhir/Condition?page=2"


def test_a_chain_of_pages_that_leads_back_ends(faulty):
    faulty.will(*(says(bundle(PATIENT, next=f"{faulty.base}?page={n}")) for n in (1, 2, 1)))
    found = search(client(faulty))
    assert (len(faulty.asked), found.complete) == (3, False)
    assert "leads back" in found.outcomes[0]


def test_a_search_that_has_no_end_ends_at_the_limits(faulty):
    def page(handler):
        more = f"{faulty.base}?page={len(faulty.asked)}"
        says(bundle(PATIENT, PATIENT, next=more))(handler)

    faulty.will(page)
    for limits, pages, resources in (
        (Limits(pages=3), 3, 6),
        (Limits(resources=5), 3, 5),
        (Limits(resources=4), 2, 4),
        (Limits(search_bytes=10), 1, 2),
        (Limits(search_seconds=0), 1, 2),
    ):
        faulty.asked.clear()
        found = search(client(faulty, limits))
        assert (len(faulty.asked), len(found.resources)) == (pages, resources)
        assert not found.complete
        assert found.outcomes


def test_as_many_resources_as_the_limit_are_all(faulty):
    faulty.will(says(bundle(PATIENT, PATIENT)))
    assert search(client(faulty, Limits(resources=2))).complete


def test_a_page_that_is_too_large_ends_the_search_with_what_was_found(faulty):
    faulty.will(says(bundle(PATIENT, next=f"{faulty.base}?page=2")), bomb(100_000))
    found = search(client(faulty, Limits(bytes=50_000)))
    assert (len(found.resources), found.complete) == (1, False)
    assert "50000 bytes" in found.outcomes[0]


@pytest.mark.parametrize("status", [404, 410])
def test_pages_that_the_server_has_forgotten_are_worth_another_search(faulty, status):
    faulty.will(says(bundle(PATIENT, next=f"{faulty.base}?p=2")), says(OUTCOME, status=status))
    assert isinstance(told(lambda: search(client(faulty))), ServerAway)


def test_without_a_time_of_its_own_a_search_was_at_the_date_of_the_answer(faulty):
    faulty.will(says(bundle()))
    before = datetime.now(UTC)
    assert abs((search(client(faulty)).asked_at - before).total_seconds()) < 60


def test_a_history_gives_whole_entries(faulty):
    deletion = {"request": {"method": "DELETE", "url": "Patient/p"}, "response": {"status": "204"}}
    faulty.will(says(bundle(kind="history") | {"entry": [deletion, {"resource": PATIENT}]}))
    found = client(faulty).history("Patient", [("_since", "2026-01-01T00:00:00Z")])
    assert found.resources == (deletion, {"resource": PATIENT})
    assert faulty.asked[0].path == "/fhir/Patient/_history?_since=2026-01-01T00:00:00Z"


@pytest.mark.parametrize("entry", [{}, [None], ["x"], "x"])
def test_a_malformed_bundle_is_refused(faulty, entry):
    faulty.will(says(bundle() | {"entry": entry}))
    assert isinstance(told(lambda: search(client(faulty))), ServerRefused)


# --- nobody else is asked


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(faulty, elsewhere, status):
    faulty.will(says({}, status=status, Location=f"{elsewhere.base}/Patient/p"))
    for call in (
        lambda: client(faulty).read("Patient", "p"),
        lambda: client(faulty).update(PATIENT),
    ):
        error = told(call)
        assert (type(error), error.status) == (ServerRefused, status)
        assert "base_url should name the final address" in str(error)


def test_a_redirect_with_an_endless_body_is_not_read_to_its_end(faulty, elsewhere):
    def answer(handler):
        handler.head(302, {"Location": elsewhere.base, "Transfer-Encoding": "chunked"})
        while True:
            handler.wfile.write(b"10000\r\n" + b" " * 0x10000 + b"\r\n")

    faulty.will(answer)
    assert told(lambda: client(faulty, Limits(bytes=200_000)).read("Patient", "p")).status == 302


def test_the_environment_names_no_proxy_and_no_password(faulty, elsewhere, monkeypatch, tmp_path):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, elsewhere.root)
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password b")
    monkeypatch.setenv("NETRC", str(netrc))
    faulty.will(says(PATIENT))
    client(faulty).read("Patient", "p")
    assert "authorization" not in faulty.asked[0].headers


@pytest.mark.parametrize(
    "base",
    [
        "",
        "fhir",
        "ftp://host/fhir",
        "http:///fhir",
        "http://host:x/fhir",
        f"http://me:{SECRET}@host/fhir",
        "http://host/fhir?a=b",
        "http://host/fhir#a",
    ],
)
def test_a_base_that_is_no_address_does_not_start(base):
    with pytest.raises(SettingsError) as caught:
        client(base)
    assert SECRET not in str(caught.value)


def test_an_authorization_that_is_no_header_does_not_start():
    for secret in (f"{SECRET}\r\nX: y", f"{SECRET}\n", "é", f" {SECRET}"):
        with pytest.raises(SettingsError) as caught:
            client("http://127.0.0.1:1/fhir", authorization=secret)
        assert SECRET not in str(caught.value)


# --- away


def test_a_port_where_nobody_listens_is_away():
    assert isinstance(
        told(lambda: search(client(f"http://127.0.0.1:{free_port()}/fhir"))), ServerAway
    )


def test_a_host_without_an_address_is_away():
    assert isinstance(told(lambda: search(client("http://nobody.invalid/fhir"))), ServerAway)


@pytest.mark.parametrize(
    "answer",
    [
        refuses(),
        cut(bundle(PATIENT)),
        cut(bundle(PATIENT), told_length=False),
        cut_in_a_chunk(),
        raw(b"SSH-2.0-OpenSSH_9\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 10\r\n\r\n\x1f\x8b\x08"),
        raw(b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 70_000 + b"\r\n\r\n"),
    ],
)
def test_a_connection_that_breaks_is_tried_again_and_then_away(faulty, answer):
    faulty.will(answer)
    assert isinstance(told(lambda: search(client(faulty))), ServerAway)
    assert len(faulty.asked) == 3


def test_a_gzip_stream_that_was_cut_is_away(faulty):
    half = gzip.compress(random.Random(1).randbytes(2000))[:1000]
    faulty.will(sends(half, Content_Encoding="gzip"))
    assert isinstance(told(lambda: search(client(faulty))), ServerAway)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_server_in_trouble_is_away(faulty, status):
    faulty.will(says(OUTCOME, status=status))
    assert isinstance(told(lambda: search(client(faulty))), ServerAway)
    assert len(faulty.asked) == 3
    assert isinstance(told(lambda: client(faulty).update(PATIENT)), ServerAway)
    assert len(faulty.asked) == 4


def test_a_server_that_comes_back_is_not_noticed_to_have_been_away(faulty):
    clock = Clock()
    faulty.will(says(OUTCOME, status=503), refuses(), says(bundle(PATIENT)))
    assert search(client(faulty, clock=clock)).complete
    first, second = clock.slept
    assert 0.1 <= first <= 0.3
    assert 0.2 <= second <= 0.6


@pytest.mark.parametrize("write", ["create", "update", "transact"])
@pytest.mark.parametrize("answer", [refuses(), says({}, status=503), cut(PATIENT)])
def test_a_write_is_sent_once(faulty, write, answer):
    faulty.will(answer)
    sent = bundle() if write == "transact" else PATIENT
    assert isinstance(told(lambda: getattr(client(faulty), write)(sent)), ServerAway)
    assert len(faulty.asked) == 1


def test_a_delete_is_sent_once(faulty):
    faulty.will(refuses())
    assert isinstance(told(lambda: client(faulty).delete("Patient", "p")), ServerAway)
    assert len(faulty.asked) == 1


def test_a_short_wait_that_is_asked_for_is_waited(faulty):
    clock = Clock()
    faulty.will(says(OUTCOME, status=429, Retry_After="4"), says(bundle()))
    search(client(faulty, clock=clock))
    assert clock.slept == [4]


def test_a_short_wait_may_be_a_date(faulty):
    clock = Clock()
    date = email.utils.formatdate(clock.now + 3, usegmt=True)
    past = email.utils.formatdate(clock.now - 300, usegmt=True)
    faulty.will(
        says({}, status=503, Retry_After=date),
        says({}, status=503, Retry_After=past),
        says(bundle()),
    )
    search(client(faulty, clock=clock))
    assert clock.slept == [3, 0]


@pytest.mark.parametrize(
    ("said", "wait"), [("120", 120), ("9" * 400, 86_400), ("-1", None), ("soon", None), ("", None)]
)
def test_a_long_wait_is_left_to_who_asked(faulty, said, wait):
    faulty.will(says(OUTCOME, status=503, Retry_After=said))
    assert told(lambda: search(client(faulty))).wait == wait
    assert len(faulty.asked) == (1 if wait else 3)
    assert told(lambda: client(faulty).create(PATIENT)).wait == wait


@pytest.mark.parametrize(
    "answer",
    [silent(20), drips(bundle(PATIENT), 0.2), drips_its_headers(0.2), goes_on(0.2)],
    ids=["silent", "drips its body", "drips its headers", "goes on and on"],
)
def test_a_server_that_drips_does_not_hold_us(faulty, answer):
    faulty.will(answer)
    began = time.monotonic()
    error = told(lambda: search(client(faulty, replace(SOON, tries=1))))
    assert isinstance(error, ServerAway)
    assert time.monotonic() - began < GENEROUS


def test_a_server_that_does_not_read_what_it_is_sent_does_not_hold_us():
    with socket.create_server(("127.0.0.1", 0), backlog=1) as deaf:
        base = f"http://127.0.0.1:{deaf.getsockname()[1]}/fhir"
        plan = {"resourceType": "CarePlan", "description": "x" * 20_000_000}
        began = time.monotonic()
        error = told(lambda: client(base, SOON).create(plan))
        assert isinstance(error, ServerAway)
        assert time.monotonic() - began < GENEROUS


def test_a_refusal_counts_though_its_body_never_ends(faulty):
    def answer(handler):
        handler.head(403, {"Content-Length": "1000000"})
        for _ in range(100):
            handler.wfile.write(b" ")
            time.sleep(0.2)

    faulty.will(answer)
    assert told(lambda: search(client(faulty, SOON))).status == 403


# --- bounds


@pytest.mark.parametrize("answer", [bomb(300_000), endless(), sends(b" " * 300_000)])
def test_an_answer_that_is_too_large_is_not_taken(faulty, answer):
    faulty.will(answer)
    error = told(lambda: client(faulty, Limits(bytes=200_000)).read("Patient", "p"))
    assert isinstance(error, ServerRefused)
    assert "200000 bytes" in str(error)


def test_a_bomb_is_never_unpacked_whole(faulty):
    faulty.will(bomb(100_000_000))
    tracemalloc.start()
    try:
        told(lambda: client(faulty, Limits(bytes=1_000_000)).read("Patient", "p"))
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


# --- refused


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 412, 413, 422])
def test_a_refusal_keeps_what_the_server_said_out_of_its_sentence(faulty, status):
    faulty.will(says(OUTCOME, status=status))
    error = told(lambda: search(client(faulty)))
    assert isinstance(error, ServerRefused)
    assert str(error) == f"The server refused a search of Condition (HTTP {status})."
    assert (error.status, len(faulty.asked)) == (status, 1)
    assert SECRET in error.outcome


def test_a_long_outcome_is_cut(faulty):
    long = OUTCOME | {"issue": [{"severity": "error", "code": "x", "diagnostics": "é" * 50_000}]}
    faulty.will(says(long, status=422))
    assert len(told(lambda: search(client(faulty))).outcome.encode()) <= 20_000


def test_what_is_no_outcome_is_not_kept(faulty):
    faulty.will(sends(b"<html>" + SECRET.encode(), status=403, Content_Type="text/html"))
    assert told(lambda: search(client(faulty))).outcome == ""


def test_a_conflict_passes_for_updates_and_transactions_alone(faulty):
    faulty.will(says(OUTCOME, status=409))
    assert isinstance(told(lambda: client(faulty).update(PATIENT)), ServerAway)
    assert isinstance(told(lambda: client(faulty).transact(bundle())), ServerAway)
    assert isinstance(told(lambda: client(faulty).create(PATIENT)), ServerRefused)
    assert isinstance(told(lambda: client(faulty).delete("Patient", "p")), ServerRefused)


@pytest.mark.parametrize(
    "answer",
    [
        sends(b"<html></html>", Content_Type="text/html"),
        sends(b'<Patient xmlns="http://hl7.org/fhir"/>', Content_Type="application/fhir+xml"),
        sends(b"{}"),
        sends(b"[]"),
        sends(b"{"),
        sends(b""),
        sends(b'{"resourceType": 1}'),
        sends(b'{"resourceType": "Practitioner"}'),
        sends(b"[" * 100_000),
        sends(b"no gzip", Content_Encoding="gzip"),
        sends(b"x", Content_Encoding="br"),
        raw(b"HTTP/1.1 204 No Content\r\n\r\n"),
    ],
)
def test_an_answer_that_is_not_the_fhir_asked_for_is_refused(faulty, answer):
    faulty.will(answer)
    error = told(lambda: client(faulty).read("Patient", "p"))
    assert isinstance(error, ServerRefused)
    assert 200 <= error.status < 300
    assert len(faulty.asked) == 1


def test_an_entry_of_a_transaction_that_is_refused_is_named(faulty):
    entries = [
        {"response": {"status": "201 Created"}},
        {"response": {"status": "412 Precondition Failed", "outcome": OUTCOME}},
    ]
    faulty.will(says(bundle(kind="transaction-response") | {"entry": entries}))
    error = told(lambda: client(faulty).transact(bundle()))
    assert str(error) == "The server refused entry 1 of a transaction (412)."
    assert error.status == 412
    assert SECRET in error.outcome


@pytest.mark.parametrize("entry", [[{}], [None], [{"response": {"status": "2"}}], "x"])
def test_an_answer_to_a_transaction_that_does_not_say_is_refused(faulty, entry):
    faulty.will(says(bundle(kind="transaction-response") | {"entry": entry}))
    assert isinstance(told(lambda: client(faulty).transact(bundle())), ServerRefused)
    faulty.will(says(bundle(kind="searchset")))
    assert isinstance(told(lambda: client(faulty).transact(bundle())), ServerRefused)


# --- nothing is logged


def test_nothing_is_logged_at_any_level(faulty, caplog):
    caplog.set_level(logging.DEBUG)
    odd = b"HTTP/1.1 200 OK\r\nnone of a header\r\nContent-Length: 2\r\n\r\n{}"
    for answer in (raw(odd), says(OUTCOME, status=503), refuses(), says(bundle())):
        faulty.will(answer)
        with suppress(ServerAway, ServerRefused):
            search(client(faulty))
    assert caplog.records == []


# --- TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate of 127.0.0.1 that signs itself, and its key."""
    if not shutil.which("openssl"):
        said = "openssl, which makes a certificate for these tests, is not installed"
        pytest.fail(said) if os.environ.get("CI") == "true" else pytest.skip(said)
    at = tmp_path_factory.mktemp("tls")
    cert, key = at / "cert.pem", at / "key.pem"
    asked = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=stub".split()
    asked += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)]
    subprocess.run(asked, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return cert, context


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(certificate):
    with running(certificate[1]) as server:
        server.will(says(PATIENT))
        error = told(lambda: client(server).read("Patient", SECRET))
    assert isinstance(error, ServerAway)
    assert "TLS" in str(error)
    assert server.asked == []


def test_a_certificate_of_the_ca_file_is_trusted(certificate):
    with running(certificate[1]) as server:
        server.will(says(PATIENT))
        assert client(server, ca_file=str(certificate[0])).read("Patient", "p") == PATIENT


def test_a_certificate_of_another_host_is_not_trusted(certificate):
    with running(certificate[1]) as server:
        base = server.base.replace("127.0.0.1", "localhost")
        error = told(lambda: client(base, ca_file=str(certificate[0])).read("Patient", "p"))
    assert "TLS" in str(error)


def test_a_server_that_drips_over_tls_does_not_hold_us(certificate):
    with running(certificate[1]) as server:
        server.will(drips(bundle(PATIENT), 0.2))
        began = time.monotonic()
        limits = replace(SOON, tries=1)
        told(lambda: search(client(server, limits, ca_file=str(certificate[0]))))
        assert time.monotonic() - began < GENEROUS


def test_a_server_that_never_shakes_hands_does_not_hold_us():
    with socket.create_server(("127.0.0.1", 0)) as mute:
        base = f"https://127.0.0.1:{mute.getsockname()[1]}/fhir"
        began = time.monotonic()
        limits = Limits(connect=1, answer=2, tries=1)
        assert isinstance(told(lambda: search(client(base, limits))), ServerAway)
        assert time.monotonic() - began < GENEROUS


def test_a_ca_file_that_cannot_be_read_does_not_start(tmp_path):
    odd = tmp_path / "odd.pem"
    odd.write_text("no certificate")
    for file in (odd, tmp_path / "none.pem"):
        with pytest.raises(SettingsError):
            client("https://127.0.0.1:1/fhir", ca_file=str(file))


# --- several at once, and a server that behaves


def test_threads_use_a_connection_each_and_use_it_again(faulty):
    faulty.will(says(PATIENT))
    server = client(faulty)
    together = threading.Barrier(4)

    def reads(_):
        together.wait(10)
        return [server.read("Patient", "p") for _ in range(5)]

    with ThreadPoolExecutor(4) as pool:
        assert all(seen == [PATIENT] * 5 for seen in pool.map(reads, range(4)))
    assert len(faulty.asked) == 20
    assert len({asked.thread for asked in faulty.asked}) == 4


def test_a_connection_that_the_server_closed_in_between_is_made_anew(faulty):
    def last(handler):
        says(PATIENT)(handler)
        handler.close_connection = True

    faulty.will(last)
    server = client(faulty)
    server.read("Patient", "p")
    time.sleep(0.2)
    assert server.update(PATIENT).location == "Patient/p"


def test_all_of_it_works_with_a_server_that_behaves():
    with fhir_stub.running() as stub:
        server = client(stub)
        assert server.capability()["fhirVersion"] == "4.0.1"
        plan = {"resourceType": "CarePlan", "identifier": [{"system": "urn:x", "value": "a b"}]}
        made = server.create(plan)
        assert (made.status, made.resource) == (201, None)
        there = server.update(plan | {"status": "active"}, "identifier=urn:x|a b")
        assert (there.status, there.location) == (200, made.location)
        kind, id = made.location.split("/")
        assert server.read(kind, id)["status"] == "active"
        for i in range(45):
            server.update({"resourceType": "Observation", "id": f"o{i}", "status": "final"})
        found = server.search("Observation", [("_count", "20"), ("status", "final")])
        assert (len(found.resources), found.complete) == (45, True)
        server.delete(kind, id)
        server.delete(kind, id)
        assert server.read(kind, id) is None
        events = [e["request"]["method"] for e in server.history("CarePlan", []).resources]
        assert events == ["DELETE", "PUT", "POST"]
        put = {"request": {"method": "PUT", "url": "Patient/p"}, "resource": PATIENT}
        answer = server.transact({"resourceType": "Bundle", "type": "transaction", "entry": [put]})
        assert answer["entry"][0]["response"]["status"] == "201 Created"
