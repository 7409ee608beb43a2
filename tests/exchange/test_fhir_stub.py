"""The stub does what tests rely on it for: versions, conditions, all or nothing, faults."""

import signal
import subprocess
import sys

import pytest
import requests

from tests.support import fhir_stub
from tests.support.server import free_port, wait_for

JSON = {"Content-Type": "application/fhir+json"}
PLAN = {"resourceType": "CarePlan", "identifier": [{"system": "urn:x", "value": "1"}]}


@pytest.fixture
def stub():
    with fhir_stub.running() as server:
        yield server


def put(stub, path, resource):
    return requests.put(f"{stub.base}/{path}", json=resource, headers=JSON, timeout=10)


def post(stub, path, resource, **headers):
    return requests.post(f"{stub.base}{path}", json=resource, headers=JSON | headers, timeout=10)


def get(stub, path):
    return requests.get(f"{stub.base}/{path}", timeout=10)


def found(stub, path):
    return [e["resource"]["id"] for e in get(stub, path).json().get("entry", [])]


def transaction(*entries):
    return {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}


def entry(method, url, resource=None, full="", **request):
    made = {"request": {"method": method, "url": url, **request}}
    return made | ({"resource": resource} if resource else {}) | ({"fullUrl": full} if full else {})


def test_the_same_content_again_makes_no_new_version(stub):
    patient = {"resourceType": "Patient", "id": "a", "gender": "female"}
    assert put(stub, "Patient/a", patient).status_code == 201
    assert put(stub, "Patient/a", patient).headers["ETag"] == 'W/"1"'
    assert put(stub, "Patient/a", patient | {"gender": "male"}).headers["ETag"] == 'W/"2"'
    assert stub.count("Patient") == {"count": 1, "versions": 2}
    assert get(stub, "Patient/a/_history/1").json()["gender"] == "female"


def test_what_was_deleted_is_gone_and_what_never_was_is_not_found(stub):
    put(stub, "Patient/a", {"resourceType": "Patient", "id": "a"})
    requests.delete(f"{stub.base}/Patient/a", timeout=10)
    assert [get(stub, f"Patient/{id}").status_code for id in "ab"] == [410, 404]


def test_conditions_find_one_or_none_and_refuse_many(stub):
    first = put(stub, "CarePlan?identifier=urn:x%7C1", PLAN)
    again = put(stub, "CarePlan?identifier=urn:x%7C1", PLAN | {"status": "active"})
    assert (first.status_code, again.status_code) == (201, 200)
    exists = post(stub, "/CarePlan", PLAN, **{"If-None-Exist": "identifier=urn:x|1"})
    assert (exists.status_code, stub.count("CarePlan")["count"]) == (200, 1)
    post(stub, "/CarePlan", PLAN)
    assert put(stub, "CarePlan?identifier=urn:x%7C1", PLAN).status_code == 412


def test_a_search_goes_on_over_pages_by_tokens(stub):
    for i in "abcde":
        observation = {
            "resourceType": "Observation",
            "id": f"o{i}",
            "subject": {"reference": "Patient/p"},
            "code": {"coding": [{"system": "http://loinc.org", "code": "48676-1"}]},
        }
        put(stub, f"Observation/o{i}", observation)
    page = get(stub, "Observation?patient=p&code=http://loinc.org|48676-1&_count=2").json()
    seen = [e["resource"]["id"] for e in page["entry"]]
    while links := [k["url"] for k in page["link"] if k["relation"] == "next"]:
        page = requests.get(links[0], timeout=10).json()
        seen += [e["resource"]["id"] for e in page["entry"]]
    assert seen == ["oa", "ob", "oc", "od", "oe"]
    assert found(stub, "Observation?code=other,48676-1&_id=oa,ob") == ["oa", "ob"]
    since = get(stub, "Observation/od").json()["meta"]["lastUpdated"]
    assert found(stub, f"Observation?_lastUpdated=ge{since}") == ["od", "oe"]
    assert get(stub, "Observation?colour=red").status_code == 400


def test_a_history_tells_deletions(stub):
    put(stub, "Patient/a", {"resourceType": "Patient", "id": "a"})
    requests.delete(f"{stub.base}/Patient/a", timeout=10)
    entries = get(stub, "Patient/_history").json()["entry"]
    assert [e["request"]["method"] for e in entries] == ["DELETE", "PUT"]


def test_a_transaction_resolves_its_references_and_says_where_all_went(stub):
    put(stub, "Patient/p", {"resourceType": "Patient", "id": "p"})
    plan = PLAN | {"subject": {"reference": "Patient/p"}}
    provenance = {"resourceType": "Provenance", "target": [{"reference": "urn:uuid:1"}]}
    body = transaction(
        entry("POST", "Provenance", provenance, ifNoneExist="_tag=urn:t|1"),
        entry("PUT", "CarePlan?identifier=urn:x|1", plan, full="urn:uuid:1"),
    )
    said = post(stub, "", body).json()["entry"]
    kind, id = said[1]["response"]["location"].split("/")[-4:-2]
    (kept,) = get(stub, "Provenance").json()["entry"]
    assert kept["resource"]["target"] == [{"reference": f"{kind}/{id}"}]
    assert [e["response"]["etag"] for e in said] == ['W/"1"', 'W/"1"']


def test_a_transaction_that_fails_leaves_nothing(stub):
    patient = {"resourceType": "Patient", "id": "p1"}
    body = transaction(entry("PUT", "Patient/p1", patient), entry("PUT", "Patient/1", patient))
    assert post(stub, "", body).status_code == 400
    assert stub.count("Patient") == {"count": 0, "versions": 0}


def test_a_subscription_is_active_at_once(stub):
    made = post(stub, "/Subscription", {"resourceType": "Subscription", "status": "requested"})
    assert made.json()["status"] == "active"


def test_faults_come_as_often_as_was_asked(stub):
    faults = f"http://127.0.0.1:{stub.server_address[1]}/__faults"
    requests.post(faults, json={"mode": "503", "retry_after": 7, "times": 1}, timeout=10)
    first, second = get(stub, "metadata"), get(stub, "metadata")
    assert (first.status_code, first.headers["Retry-After"]) == (503, "7")
    assert second.status_code == 200
    stub.fault("refuse", times=1)
    with pytest.raises(requests.ConnectionError):
        get(stub, "metadata")
    assert [seen["status"] for seen in stub.log] == [503, 200, 0]


def test_an_answer_that_was_cut_had_its_effect(stub):
    stub.fault("cut", times=1)
    with pytest.raises(requests.RequestException):
        put(stub, "Patient/a", {"resourceType": "Patient", "id": "a"})
    assert stub.count("Patient")["count"] == 1


def test_what_it_does_not_offer_is_not_promised():
    with fhir_stub.running(update_create=False, conditional_update=False) as stub:
        (patient, *_) = get(stub, "metadata").json()["rest"][0]["resource"]
        assert (patient["updateCreate"], patient["conditionalUpdate"]) == (False, False)
        assert put(stub, "Patient/a", {"resourceType": "Patient", "id": "a"}).status_code == 405
        assert put(stub, "CarePlan?identifier=urn:x%7C1", PLAN).status_code == 400


def test_a_kill_loses_nothing_that_was_answered(tmp_path):
    file, port = tmp_path / "state.json", free_port()
    base = f"http://127.0.0.1:{port}/fhir"
    start = [sys.executable, "-m", "tests.support.fhir_stub", "--port", str(port)]

    def begin():
        process = subprocess.Popen([*start, "--file", str(file)])
        wait_for(port, process)
        return process

    process = begin()
    patient = '{"resourceType":"Patient","id":"a","x":2.50}'
    for _ in range(2):
        requests.put(f"{base}/Patient/a", data=patient, headers=JSON, timeout=10)
    process.kill()
    process.wait()
    with file.open("ab") as half:
        half.write(b'[{"type":"Patient","id":"b"')
    process = begin()
    try:
        again = requests.get(f"{base}/Patient/a", timeout=10)
        assert '"x":2.50' in again.text
        assert again.headers["ETag"] == 'W/"1"'
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
