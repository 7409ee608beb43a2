"""Whatever JSON comes, in whatever form: a delivery or a refusal, never a crash."""

import base64
import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.core.errors import NotFhir, Unreadable, UnsupportedMediaType
from service.fhir.json import decode
from service.fhir.notices.key import key_of
from service.fhir.notices.reading import Sent, read_delivery, read_events, read_status
from tests.support.notifications import notifications

REFUSED = (NotFhir, UnsupportedMediaType, Unreadable)
#: Words that open doors, so that what is drawn gets behind them.
NAMES = """
    resourceType id meta versionId lastUpdated type entry resource request response method url
    fullUrl status etag location lastModified parameter part name valueString valueReference
    valueCode reference focus notificationEvent eventNumber timestamp subscription topic error
    coding code display text message data attributes action payloadType eventType specversion
    resourceFhirId resourceVersionId validationCode eventsSinceSubscriptionStart
""".split()
WORDS = """
    Observation Bundle Parameters SubscriptionStatus AidboxSubscriptionStatus transaction batch
    collection history subscription-notification searchset event-notification handshake query-event
    notification-event event-number subscription focus type PUT POST DELETE PATCH GET Observation/1
    Observation/1/_history/2 http://a.b/fhir/Observation/1 urn:uuid:1 410 CreateResource
    DeleteResource FullResource Microsoft.HealthcareApis.FhirResourceUpdated
    Microsoft.EventGrid.SubscriptionValidationEvent T2JzZXJ2YXRpb24vMQ== e30= 7 W/"2"
    2026-11-20T09:15:02Z
""".split()

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(WORDS)
)
names = st.sampled_from(NAMES) | st.text(max_size=4)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=6),
    max_leaves=25,
)
entries = st.lists(
    st.fixed_dictionaries({}, optional=dict.fromkeys(("fullUrl", "request", "response"), values))
    | st.fixed_dictionaries({"resource": st.dictionaries(names, values, max_size=6)})
    | values,
    max_size=4,
)
bundles = st.fixed_dictionaries(
    {"resourceType": st.just("Bundle"), "type": st.sampled_from(WORDS), "entry": entries}
)
statuses = st.fixed_dictionaries(
    {"resourceType": st.sampled_from(["Parameters", "SubscriptionStatus"])},
    optional={
        "type": st.just("event-notification") | values,
        "notificationEvent": st.lists(values, max_size=3) | values,
        "subscription": values,
        "parameter": st.lists(
            st.fixed_dictionaries(
                {"name": st.sampled_from(WORDS)},
                optional={"valueString": values, "valueReference": values, "part": values},
            )
            | values,
            max_size=5,
        ),
        "error": values,
    },
)
told_by_topic = st.builds(
    lambda status, others: {
        "resourceType": "Bundle",
        "type": "history",
        "entry": [{"resource": status}, *others],
    },
    statuses,
    entries,
)
pushes = st.builds(
    lambda action, kind, data: {
        "message": {
            "attributes": {"action": action, "resourceType": kind},
            "data": base64.b64encode(data).decode(),
        }
    },
    st.sampled_from(["CreateResource", "DeleteResource"]) | values,
    st.just("Observation") | values,
    st.binary() | values.map(lambda value: json.dumps(value).encode()),
)
events = st.lists(
    st.fixed_dictionaries(
        {"eventType": st.sampled_from(WORDS), "data": values}, optional={"eventTime": values}
    )
    | values,
    max_size=3,
)
bodies = (values | bundles | told_by_topic | pushes | events).map(
    lambda value: json.dumps(value).encode()
)
sents = st.builds(
    Sent,
    method=st.sampled_from(["PUT", "POST", "DELETE", "GET"]),
    kind=st.sampled_from(["", "Observation"]) | st.text(max_size=5),
    id=st.sampled_from(["", "1"]) | st.text(max_size=5),
    headers=st.dictionaries(
        st.sampled_from(
            "content-type if-match x-medplum-interaction x-medplum-subscription "
            "x-medplum-deleted-resource".split()
        ),
        st.sampled_from([*WORDS, "delete", "application/fhir+xml", "application/fhir+json"])
        | st.text(max_size=8),
        max_size=3,
    ),
    body=bodies | st.binary(),
)


def read(sent):
    """Read it, and do what is done with every notice."""
    with suppress(REFUSED):
        delivery = read_delivery(sent)
        for notice in delivery.notices:
            key_of(notice, delivery.channel)


@settings(deadline=None)
@given(sents)
def test_a_request_of_any_form_is_read_or_refused(sent):
    read(sent)


@settings(deadline=None)
@given(bodies)
def test_a_post_to_the_bare_endpoint_is_read_or_refused(body):
    read(Sent("POST", "", "", {}, body))


@settings(deadline=None)
@given(bodies)
def test_answers_of_a_server_are_read_or_refused(body):
    for answer in (read_events, read_status):
        with suppress(REFUSED):
            answer(decode(body))


@settings(deadline=None)
@given(st.data())
def test_a_real_form_with_a_part_replaced_is_read_or_refused(data):
    sent = data.draw(st.sampled_from([n.sent for n in notifications() if b"{" in n.sent.body]))
    value = json.loads(sent.body)
    spoil(value, data)
    read(Sent(sent.method, sent.kind, sent.id, sent.headers, json.dumps(value).encode()))


@pytest.mark.parametrize("body", [b"\xef\xbb\xbf{}", b'"\\ud800"', b"[" * 10_000, b"1" * 5000])
def test_odd_bytes_are_refused(body):
    with pytest.raises(REFUSED):
        read_delivery(Sent("POST", "", "", {}, body))


def spoil(value, data):
    """Put something else at one place, however deep."""
    while isinstance(value, dict | list) and value:
        name = data.draw(
            st.sampled_from(sorted(value) if isinstance(value, dict) else range(len(value)))
        )
        inner = value[name]
        if not (isinstance(inner, dict | list) and inner) or data.draw(st.integers(0, 3)) == 0:
            value[name] = data.draw(values)
            return
        value = inner
