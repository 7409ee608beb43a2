import pytest

from .conftest import outcome

DRUGS = "/fhir/r4/MedicationKnowledge"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def first(client):
    """The id of a record that is there."""
    return client.get(DRUGS).json["entry"][0]["resource"]["id"]


def test_a_record_is_read_by_its_id(client, first):
    answer = client.get(f"{DRUGS}/{first}")
    assert answer.json["resourceType"] == "MedicationKnowledge"
    assert answer.json["id"] == first


def test_an_unknown_record_is_not_found(client):
    answer = client.get(f"{DRUGS}/aspirin")
    assert answer.status_code == 404
    assert outcome(answer)["code"] == "not-found"


def test_a_record_that_the_caller_has_is_not_sent_again(client, first):
    path = f"{DRUGS}/{first}"
    tag = client.get(path).headers["ETag"]
    assert tag.startswith('W/"')
    again = client.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.get_data()) == (304, b"")
    assert again.headers["ETag"] == tag
    assert client.get(path, headers={"If-None-Match": 'W/"other"'}).status_code == 200


def test_head_has_the_headers_of_get(client, first):
    got, headed = client.get(f"{DRUGS}/{first}"), client.head(f"{DRUGS}/{first}")
    assert headed.status_code == 200
    assert headed.get_data() == b""
    for name in ("ETag", "Content-Type", "Content-Length"):
        assert headed.headers[name] == got.headers[name]


def test_a_search_by_form_is_the_search_by_address(client):
    got = client.get(f"{DRUGS}?status=active").json
    posted = client.post(f"{DRUGS}/_search", data="status=active", headers=FORM).json
    assert got["total"] == posted["total"] > 0
    assert got["entry"] == posted["entry"]


def test_a_search_by_form_without_fields_is_a_search_for_all(client):
    assert client.post(f"{DRUGS}/_search").json["total"] == client.get(DRUGS).json["total"]


def test_a_format_in_the_form_is_heard(client):
    for asked, status in (("json", 200), ("application%2Ffhir%2Bjson", 200), ("xml", 406)):
        answer = client.post(f"{DRUGS}/_search", data=f"_format={asked}", headers=FORM)
        assert answer.status_code == status


def test_a_form_in_another_media_type_is_refused(client):
    answer = client.post(f"{DRUGS}/_search", json={"status": "active"})
    assert answer.status_code == 415
    outcome(answer)


def test_an_unknown_parameter_is_refused_when_strict_and_left_out_when_lenient(client):
    strict = client.get(f"{DRUGS}?colour=red", headers={"Prefer": "handling=strict"})
    assert strict.status_code == 400
    outcome(strict)
    lenient = client.get(f"{DRUGS}?colour=red", headers={"Prefer": "handling=lenient"})
    assert lenient.status_code == 200
    links = {link["relation"]: link["url"] for link in lenient.json["link"]}
    assert "colour" not in links["self"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_the_records_are_read_only(client, first, method):
    answer = client.open(f"{DRUGS}/{first}", method=method)
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD"}
    outcome(answer)
