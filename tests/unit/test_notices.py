"""What FHIR senders deliver, read into notices."""

import base64
import json

import pytest

from service.core import errors
from service.core.errors import NotFhir, UnsupportedMediaType
from service.fhir.json import decode
from service.fhir.notices.notice import Happening
from service.fhir.notices.reading import Sent, read_delivery, read_events, read_status
from tests.support.notifications import notification, notifications, told

EVERY = pytest.mark.parametrize("case", notifications(), ids=lambda case: case.name)


@EVERY
def test_every_fixture_is_read_as_its_case_expects(case):
    if refused := case.expect.get("refused"):
        with pytest.raises(getattr(errors, refused)):
            read_delivery(case.sent)
    else:
        assert told(read_delivery(case.sent)) == case.expect


@EVERY
def test_the_body_of_a_notice_is_its_resource_and_comes_only_with_it(case):
    if "refused" in case.expect:
        return
    for notice in read_delivery(case.sent).notices:
        assert (notice.body is None) == (notice.resource is None)
        assert notice.body is None or decode(notice.body) == notice.resource


def test_a_resource_alone_keeps_its_bytes():
    sent = notification("hapi-puts-an-ish-ratio-with-its-digits").sent
    (notice,) = read_delivery(sent).notices
    assert notice.body == sent.body
    assert b"2.50" in notice.body


def test_a_resource_of_an_entry_keeps_its_digits():
    (*_, ish) = read_delivery(
        notification("a-backport-notification-of-several-events").sent
    ).notices
    assert b'"value":2.50' in ish.body


def test_xml_is_told_which_payload_to_set():
    with pytest.raises(UnsupportedMediaType, match=r"application/fhir\+json"):
        read_delivery(notification("hapi-sends-xml").sent)


def test_xml_is_known_without_its_media_type():
    with pytest.raises(UnsupportedMediaType):
        read_delivery(posted(b' <Observation xmlns="http://hl7.org/fhir"/>'))


def test_a_versioned_put_does_not_take_its_version_from_if_match():
    body = b'{"resourceType": "Observation"}'
    sent = Sent("PUT", "Observation", "1", {"if-match": 'W/"3"'}, body)
    (notice,) = read_delivery(sent).notices
    assert (notice.id, notice.version) == ("1", "")


@pytest.mark.parametrize(
    ("reference", "meant"),
    [
        ("Observation/1", ("Observation", "1", "")),
        ("Observation/1/_history/3", ("Observation", "1", "3")),
        ("http://server.example/fhir/Observation/1", ("Observation", "1", "")),
        ("https://a.b/x/y/Observation/a-b.C/_history/v.2", ("Observation", "a-b.C", "v.2")),
    ],
)
def test_a_focus_is_type_id_and_version_whatever_server_it_names(reference, meant):
    (notice,) = read_delivery(focused(reference)).notices
    assert (notice.type, notice.id, notice.version) == meant
    assert "example" not in repr(notice)


def test_a_focus_may_be_the_urn_of_an_entry():
    urn = "urn:uuid:0b0c9a9e-0d37-4c59-9c3f-1d9b3a4a5b6c"
    entry = {"fullUrl": urn, "resource": {"resourceType": "Observation", "id": "1"}}
    (notice,) = read_delivery(focused(urn, entry)).notices
    assert (notice.type, notice.id, notice.resource) == ("Observation", "1", entry["resource"])


@pytest.mark.parametrize(
    "reference", ["urn:uuid:5", "#a", "observation/1", "Observation/a_b", f"Observation/{'1' * 65}"]
)
def test_a_focus_that_names_no_resource_is_refused(reference):
    with pytest.raises(NotFhir):
        read_delivery(focused(reference))


def test_an_entry_of_another_version_than_the_focus_is_not_its_content():
    newer = {"resourceType": "Observation", "id": "1", "meta": {"versionId": "4"}}
    (notice,) = read_delivery(focused("Observation/1/_history/3", {"resource": newer})).notices
    assert (notice.version, notice.resource) == ("3", None)


def test_an_entry_is_known_by_its_resource_where_its_full_url_says_another():
    other = {"fullUrl": "Observation/1", "resource": {"resourceType": "Patient", "id": "2"}}
    (notice,) = read_delivery(focused("Observation/1", other)).notices
    assert (notice.type, notice.id, notice.resource) == ("Observation", "1", None)


def test_an_entry_whose_request_is_about_another_type_is_refused():
    resource = {"resourceType": "Patient", "id": "1"}
    entry = {"resource": resource, "request": {"method": "PUT", "url": "Observation/1"}}
    with pytest.raises(NotFhir) as refused:
        read_delivery(focused("Observation/1", entry))
    assert refused.value.faults[0].where == "Bundle.entry[1].resource.resourceType"


def test_two_events_of_one_resource_share_the_entry_that_was_sent():
    entry = {"resource": {"resourceType": "Observation", "id": "1", "meta": {"versionId": "4"}}}
    status = status_of_r5({"eventNumber": 1, "focus": {"reference": "Observation/1"}})
    status["notificationEvent"].append({"eventNumber": 2, "focus": {"reference": "Observation/1"}})
    notices = read_delivery(posted(bundle({"resource": status}, entry))).notices
    assert [(n.number, n.version) for n in notices] == [(1, "4"), (2, "4")]


def test_an_unknown_last_updated_is_none():
    meta = {"lastUpdated": "yesterday", "versionId": "2"}
    (notice,) = read_delivery(posted({"resourceType": "Observation", "meta": meta})).notices
    assert (notice.updated, notice.version) == (None, "2")


@pytest.mark.parametrize("number", [-1, True, "9" * 5000, "\u0661", 10**18, 1.5, None, "", {}])
def test_what_nobody_counts_to_is_no_number(number):
    (notice,) = read_delivery(
        posted(bundle({"resource": status_of_r5({"eventNumber": number})}))
    ).notices
    assert (notice.happening, notice.number) == (Happening.SOMETHING, None)


def test_an_event_notification_that_tells_nothing_means_that_something_happened():
    (notice,) = read_delivery(posted(bundle({"resource": status_of_r5()}))).notices
    assert notice.happening is Happening.SOMETHING


def test_events_without_a_focus_are_told_by_the_other_entries():
    entry = {"fullUrl": "http://a.b/fhir/Observation/1", "request": {"method": "POST"}}
    status = status_of_r5({"eventNumber": "7"})
    (notice,) = read_delivery(posted(bundle({"resource": status}, entry))).notices
    assert (notice.type, notice.id, notice.number) == ("Observation", "1", 7)


def test_all_faulty_entries_are_told_together():
    asked = {"resourceType": "Bundle", "type": "transaction", "entry": [None, {}, {"resource": 1}]}
    with pytest.raises(NotFhir) as refused:
        read_delivery(posted(asked))
    assert [fault.where for fault in refused.value.faults] == [
        "Bundle.entry[0]",
        "Bundle.entry[1].request.method",
        "Bundle.entry[2].resource",
    ]


def test_a_patch_of_a_transaction_says_what_has_changed_and_not_to_what():
    patch = {"resourceType": "Parameters", "parameter": []}
    entry = {"resource": patch, "request": {"method": "PATCH", "url": "Observation/1"}}
    asked = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    (notice,) = read_delivery(posted(asked)).notices
    assert (notice.type, notice.id, notice.resource) == ("Observation", "1", None)


@pytest.mark.parametrize(
    ("kind", "id"), [("observation", ""), ("Observation", "a_b"), ("", "1"), ("Obs3", "1")]
)
def test_a_path_that_is_no_type_and_id_is_refused(kind, id):
    with pytest.raises(NotFhir):
        read_delivery(Sent("PUT", kind, id, {}, b""))


@pytest.mark.parametrize("method", ["GET", "PATCH", "OPTIONS", ""])
def test_other_methods_are_refused(method):
    with pytest.raises(NotFhir):
        read_delivery(Sent(method, "", "", {}, b"{}"))


def test_a_deletion_names_what_was_deleted():
    with pytest.raises(NotFhir):
        read_delivery(Sent("DELETE", "Observation", "", {}, b""))


def test_a_whole_bundle_at_its_own_address_is_a_stored_resource():
    body = json.dumps({"resourceType": "Bundle", "id": "b", "type": "document"}).encode()
    (notice,) = read_delivery(Sent("PUT", "Bundle", "b", {}, body)).notices
    assert (notice.type, notice.id) == ("Bundle", "b")


def test_events_that_tell_us_nothing_are_passed_over():
    events = [{"eventType": "Microsoft.HealthcareApis.DicomImageCreated", "data": {}}]
    assert read_delivery(posted(events)).notices == ()


@pytest.mark.parametrize(
    "message",
    [
        {"attributes": {"action": "CreateResource"}},
        {"attributes": {"action": "CreateResource"}, "data": "not base64"},
        {"attributes": {"action": "ImportResource"}, "data": ""},
        {
            "attributes": {"action": "CreateResource", "resourceType": "Patient"},
            "data": base64.b64encode(b"projects/x/fhir/Observation/1").decode(),
        },
    ],
)
def test_a_push_that_names_no_resource_is_refused(message):
    with pytest.raises(NotFhir):
        read_delivery(posted({"message": message}))


def test_the_name_of_a_resource_may_say_its_version():
    name = base64.b64encode(b"projects/x/fhirStores/y/fhir/Observation/1/_history/Mg").decode()
    pushed = {"message": {"attributes": {"action": "PatchResource"}, "data": name}}
    (notice,) = read_delivery(posted(pushed)).notices
    assert (notice.id, notice.version, notice.resource) == ("1", "Mg", None)


def test_no_refusal_repeats_what_was_sent():
    secret = "Geheim-Zzyzx"
    for asked in (
        {"resourceType": secret},
        {"resourceType": "Observation", "id": f"{secret}_"},
        {"resourceType": "Bundle", "type": secret},
        {"message": {"attributes": {"action": secret}}},
        [{"eventType": secret}],
        bundle({"resource": status_of_r5({"focus": {"reference": secret}})}),
    ):
        with pytest.raises(NotFhir) as refused:
            read_delivery(posted(asked))
        assert "Zzyzx" not in str(refused.value)


def test_the_answer_to_events_is_read_like_a_notification():
    asked = decode(notification("a-backport-answer-to-events").sent.body)
    read = read_events(asked)
    assert [(n.id, n.number) for n in read.notices] == [("ihc-7", 1)]
    assert read.channel.kind == "query-event"


def test_a_server_that_missed_nothing_may_answer_with_an_empty_bundle():
    for kind in ("history", "subscription-notification"):
        assert read_events({"resourceType": "Bundle", "type": kind}).notices == ()


def test_an_answer_to_events_that_is_none_is_refused():
    with pytest.raises(NotFhir):
        read_events({"resourceType": "OperationOutcome", "issue": []})


@pytest.mark.parametrize(
    "name", ["a-backport-status-with-an-error", "an-r4b-notification-with-its-resource"]
)
def test_the_answer_to_status_is_a_searchset_of_one(name):
    case = notification(name)
    first = decode(case.sent.body)["entry"][0]["resource"]
    word = read_status(
        {"resourceType": "Bundle", "type": "searchset", "entry": [{}, {"resource": first}]}
    )
    assert word == read_delivery(case.sent).channel
    assert read_status(first) == word


def test_an_answer_to_status_without_a_status_is_none():
    assert read_status({"resourceType": "Bundle", "type": "searchset", "total": 0}) is None


def posted(value):
    """A request to the bare endpoint."""
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Sent("POST", "", "", {"content-type": "application/fhir+json"}, body)


def bundle(*entries):
    return {"resourceType": "Bundle", "type": "subscription-notification", "entry": list(entries)}


def status_of_r5(*events):
    kind = "event-notification"
    return {"resourceType": "SubscriptionStatus", "type": kind, "notificationEvent": list(events)}


def focused(reference, *entries):
    """A notification of one event with this focus."""
    status = status_of_r5({"eventNumber": "1", "focus": {"reference": reference}})
    return posted(bundle({"resource": status}, *entries))
