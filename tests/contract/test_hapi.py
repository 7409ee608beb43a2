"""A real FHIR server takes every answer as it is, again and again, with one result."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from threading import local

import pytest
import requests

from service.fhir.json import encode
from service.fhir.version import FhirVersion
from tests.contract import bad
from tests.contract.emitted import answered
from tests.support.cases import BASE, cases

#: HAPI stores about fifty resources a transaction fastest: larger ones cost more for each.
AT_ONCE = 50
CLIENTS = 2
#: There are more than this many answers to ask about: a test of none would pass.
FEWEST = 1000
#: What HAPI must find, without our profiles, which it does not have: a judge that lets one of
#: these pass is no judge. It reads codes of required bindings with its parser.
SPOILT = {
    "bad: an unknown element": bad.CALLED["bad: an unknown element"],
    "bad: a code outside a required binding": "Unknown CarePlanStatus code 'bogus'",
    "bad: a reference to nothing": bad.CALLED["bad: a reference to nothing"],
    "bad: a plan without a subject": bad.CALLED["bad: a plan without a subject"],
}
#: What HAPI calls a resource that is not FHIR: some cases have one, to be read leniently.
UNREADABLE = "HAPI-0450"
TRIES = 5
SHOWN = 10
#: HAPI may answer a search from its memory.
UNREMEMBERED = {"Cache-Control": "no-cache"}
_mine = local()


def send(url, body):
    """What the server answers; each thread keeps its connection. After 409 post again."""
    if not hasattr(_mine, "session"):
        _mine.session = requests.Session()
        _mine.session.headers["Content-Type"] = "application/fhir+json"
    for _ in range(TRIES):
        answer = _mine.session.post(url, data=encode(body), timeout=120)
        if answer.status_code != 409:
            break
    return answer


def sent_by(case):
    """The entries of a case by the address where a server has each resource."""
    found = {}
    for root in case.posted[0]:
        entries = (
            root.get("entry", []) if root["resourceType"] == "Bundle" else [{"resource": root}]
        )
        for entry in (e for e in entries if "resource" in e):
            found |= dict.fromkeys(_addresses(entry["resource"]), entry)
    return found


def _addresses(resource):
    """`Type/id`; for one that has no id `Type?identifier=system|value`; none without either."""
    kind = resource["resourceType"]
    if "id" in resource:
        return [f"{kind}/{resource['id']}"]
    known = resource.get("identifier", [])[:1]
    return [f"{kind}?identifier={i.get('system', '')}|{i['value']}" for i in known]


def named_in(value):
    """Every `Type/id` that something in the value refers to, without its version."""
    if isinstance(value, dict):
        reference = value.get("reference")
        if isinstance(reference, str) and re.fullmatch(r"[A-Z][A-Za-z]+/[^/?]+(/.*)?", reference):
            yield "/".join(reference.split("/")[:2])
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, dict | list):
            yield from named_in(inner)


def record_of(case, answer):
    """What the sender's server holds of a case: (entries as sent, addresses that nobody sent).

    Only what the answer refers to, and what that refers to in turn: the rest of a record is
    stored by nobody's test. A sender need not send all that its resources name.
    """
    sent = sent_by(case)
    held, unsent, todo = {}, set(), [*named_in(answer), *(a for a in sent if "?" in a)]
    while todo:
        address = todo.pop()
        if address in held or address in unsent:
            continue
        if address in sent:
            held[address] = sent[address]
            todo += named_in(sent[address]["resource"])
        else:
            unsent.add(address)
    return held, unsent


def bare(address):
    """A resource of which no more is known than where it is."""
    kind, identity = address.split("/")
    return {"resource": {"resourceType": kind, "id": identity}}


def put(entries):
    """One transaction that stores each entry at its address."""
    asked = [
        {**_only(e, "fullUrl", "resource"), "request": {"method": "PUT", "url": address}}
        for address, e in entries.items()
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": asked}


def _only(entry, *names):
    return {name: entry[name] for name in names if name in entry}


def locations(answer):
    """Where the entries of a transaction are stored, without their versions."""
    return [e["response"]["location"].split("/_history")[0] for e in answer.json()["entry"]]


@pytest.fixture(scope="module")
def transactions():
    """(case, the transaction that answers it) of every case that has one."""
    written = ((case, answered(case, "transaction", FhirVersion.R4)) for case in cases())
    return [(case, answer) for case, answer in written if answer]


@pytest.fixture(scope="module")
def there_before(hapi_base):
    """Type -> how many of ours other tests have left on the server."""
    return {kind: held(hapi_base, kind) for kind in ("Observation", "CarePlan", "Provenance")}


def held(base, kind):
    """How many resources of ours the server has."""
    tag = f"{BASE}/CodeSystem/her2-provenance|derived"
    asked = {"_tag": tag, "_summary": "count"}
    found = requests.get(f"{base}/{kind}", params=asked, headers=UNREMEMBERED, timeout=60)
    return found.json()["total"]


@pytest.fixture(scope="module")
def posted(hapi_base, transactions, there_before, tell):
    """Case name -> the two answers of the server, after the senders' resources were stored."""
    begun = time.monotonic()
    records = [record_of(case, answer) for case, answer in transactions]
    nobody_sent = {address: bare(address) for _, unsent in records for address in unsent}
    assert send(hapi_base, put(nobody_sent)).status_code == 200
    with ThreadPoolExecutor(CLIENTS) as clients:
        done = clients.map(lambda group: store(hapi_base, group), grouped(h for h, _ in records))
        unread = [address for group in done for address in group]
    stored = time.monotonic()

    def twice(one):
        case, answer = one
        return case.name, (send(hapi_base, answer), send(hapi_base, answer))

    with ThreadPoolExecutor(CLIENTS) as clients:
        answers = dict(clients.map(twice, transactions))
    tell(
        f"HAPI: {len(answers)} transactions posted twice in {time.monotonic() - stored:.0f} s;"
        f" before, {sum(len(h) for h, _ in records)} resources in {stored - begun:.0f} s"
        f" ({len(unread)} that HAPI cannot read stored bare)"
    )
    return answers


def grouped(records):
    """Whole records, as many together as make AT_ONCE entries."""
    group, size = [], 0
    for record in records:
        group.append(record)
        size += len(record)
        if size >= AT_ONCE:
            yield group
            group, size = [], 0
    if group:
        yield group


def store(base, records):
    """Stores the records; returns the addresses of what the server cannot read, stored bare."""
    together = {address: entry for record in records for address, entry in record.items()}
    answer = send(base, put(together))
    if answer.status_code == 200:
        return []
    if len(records) > 1:
        return [address for record in records for address in store(base, [record])]
    assert UNREADABLE in answer.text, answer.text[:1000]
    assert send(base, put({a: bare(a) for a in together})).status_code == 200
    unread = []
    for address, entry in together.items():
        answer = send(base, put({address: entry}))
        if answer.status_code != 200:
            assert UNREADABLE in answer.text, f"{address}: {answer.text[:1000]}"
            unread.append(address)
    return unread


def some(lines):
    """Few enough lines to read, and how many there are."""
    return "\n".join([f"{len(lines)}:", *lines[:SHOWN]])


def test_every_transaction_is_taken(posted):
    refused = [
        f"{name}: {answer.status_code} {answer.text[:400]}"
        for name, answers in posted.items()
        for answer in answers
        if answer.status_code != 200
    ]
    assert not refused, some(refused)


def test_posting_again_leads_to_the_same_places(posted):
    moved = [
        name for name, (first, again) in posted.items() if locations(first) != locations(again)
    ]
    assert not moved, some(moved)


def test_the_server_holds_each_resource_once(posted, transactions, there_before, hapi_base):
    for kind, before in there_before.items():
        ours = {
            entry["request"]["url"] if kind != "Provenance" else entry["request"]["ifNoneExist"]
            for _, answer in transactions
            for entry in answer["entry"]
            if entry["resource"]["resourceType"] == kind
        }
        assert held(hapi_base, kind) - before == len(ours), kind


def faults_in(base, body):
    """What HAPI's `$validate` says against a Bundle: its issues that are errors, in words.

    HAPI reads the whole Bundle at once, each entry by FHIR's own definition of its type.
    """
    answer = send(f"{base}/Bundle/$validate", body)
    said = answer.json()
    assert said["resourceType"] == "OperationOutcome", answer.text[:1000]
    grave = [i for i in said["issue"] if i["severity"] in ("error", "fatal")]
    if answer.status_code != 200:
        assert grave, answer.text[:1000]
    return [f"{i.get('location')}: {i['diagnostics']}" for i in grave]


def test_the_server_validates_every_transaction_without_an_error(transactions, hapi_base, tell):
    begun = time.monotonic()

    def faults(one):
        case, answer = one
        return [f"{case.name}: {fault}" for fault in faults_in(hapi_base, answer)]

    with ThreadPoolExecutor(CLIENTS) as clients:
        told = [fault for found in clients.map(faults, transactions) for fault in found]
    tell(
        f"HAPI: {len(transactions)} transactions validated in {time.monotonic() - begun:.0f} s,"
        f" {len(told)} errors"
    )
    assert len(transactions) > FEWEST
    assert not told, some(told)


@pytest.mark.parametrize("name", SPOILT)
def test_the_server_finds_the_fault_of_a_spoilt_transaction(hapi_base, name):
    spoilt = dict(bad.of_ours(FhirVersion.R4, "transaction"))[name]
    told = faults_in(hapi_base, spoilt)
    assert any(re.search(SPOILT[name], fault) for fault in told), told
