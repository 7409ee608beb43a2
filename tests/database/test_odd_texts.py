"""PostgreSQL keeps no U+0000: wherever it stands, the request is answered or refused."""

from copy import deepcopy

import pytest

from tests.support.endpoint import Endpoint
from tests.support.odd import SOUND, as_json

NUL = "a\0b"
#: Ways to name a patient with such a text.
SUBJECTS = [
    {"reference": f"urn:x:{NUL}"},
    {"reference": f"Patient?identifier={NUL}"},
    {"identifier": {"system": "urn:x", "value": NUL}},
    {"identifier": {"system": NUL, "value": "1"}},
]


@pytest.fixture
def base(database_url):
    endpoint = Endpoint(database_url)
    yield endpoint
    endpoint.close()


def texts_in(value):
    """(object or list, key) of every text at any depth."""
    keys = (
        value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    )
    for key in keys:
        if isinstance(value[key], str) and key != "resourceType":
            yield value, key
        yield from texts_in(value[key])


@pytest.mark.parametrize("sound", SOUND, ids=lambda r: f"{r['resourceType']}-{r['id']}")
def test_in_any_text_of_a_resource(base, sound):
    for n in range(len(list(texts_in(sound)))):
        resource = deepcopy(sound)
        owner, key = list(texts_in(resource))[n]
        owner[key] = NUL
        address = f"{sound['resourceType']}/{sound['id']}"
        assert base.call("PUT", address, as_json(resource)).status_code < 500, key


@pytest.mark.parametrize("subject", SUBJECTS, ids=ascii)
def test_in_what_names_the_patient(base, subject):
    result = {**SOUND[4], "subject": subject}
    assert base.put(result).status_code in (400, 422)


@pytest.mark.parametrize(
    "request_", [{"ifNoneExist": f"identifier={NUL}"}, {"url": f"Observation?_id={NUL}"}]
)
def test_in_a_condition_of_an_entry(base, request_):
    method = "POST" if "ifNoneExist" in request_ else "PUT"
    entry = {"resource": SOUND[4], "request": {"method": method, "url": "Observation", **request_}}
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    assert base.call("POST", "", as_json(bundle)).status_code == 400


@pytest.mark.parametrize(
    "path", ["Patient/{}", "Patient/{}/_history", "Patient/{}/$assess-her2", "AuditEvent/{}"]
)
def test_in_an_address(base, path):
    assert base.call("GET", path.format("a%00b")).status_code == 404
