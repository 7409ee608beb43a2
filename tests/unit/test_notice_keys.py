"""When two notices are one that was delivered twice."""

from dataclasses import replace

import pytest

from service.fhir.json import decode
from service.fhir.notices.key import key_of
from service.fhir.notices.notice import ChannelWord, Happening, Notice
from service.fhir.notices.reading import read_delivery
from tests.support.notifications import notifications

RESOURCE = {"resourceType": "Observation", "id": "1", "status": "final"}
CHANGED = Notice(Happening.CHANGED, "Observation", "1", resource=RESOURCE)
DELETED = Notice(Happening.DELETED, "Observation", "1")
WORD = ChannelWord("Subscription/1")
AT = "2026-11-20T09:15:02Z"


def test_a_version_says_it_all():
    assert key_of(replace(CHANGED, version="3", number=7, at=AT), WORD) == "v|Observation/1|3"


def test_the_content_that_was_not_sent_makes_no_other_version():
    told = replace(CHANGED, version="3")
    assert key_of(told, None) == key_of(replace(told, resource=None), WORD)


def test_an_event_is_known_by_subscription_number_moment_and_content():
    event = replace(CHANGED, number=7, at=AT)
    key = key_of(event, WORD)
    assert key.startswith(f"e|Subscription/1|7|{AT}|")
    others = [
        key_of(event, ChannelWord("Subscription/2")),
        key_of(replace(event, number=8), WORD),
        key_of(replace(event, at="2026-11-21"), WORD),
        key_of(replace(event, resource={**RESOURCE, "status": "amended"}), WORD),
    ]
    assert len({key, *others}) == 5


def test_content_without_a_number_is_known_by_itself():
    assert key_of(CHANGED, None).startswith("h|Observation/1|")
    assert len(key_of(CHANGED, None)) == len("h|Observation/1|") + 64


def test_the_order_of_elements_makes_no_difference_and_digits_do():
    said, turned, other = (
        replace(CHANGED, resource=decode(body))
        for body in (b'{"a": 2.50, "b": 1}', b'{"b": 1, "a": 2.50}', b'{"a": 2.5, "b": 1}')
    )
    assert key_of(said, None) == key_of(turned, None) != key_of(other, None)


def test_a_deletion_is_known_by_its_version():
    assert key_of(replace(DELETED, version="4", number=7), WORD) == "d|Observation/1|4"


def test_a_deletion_is_known_by_its_event_where_the_time_is_said():
    event = replace(DELETED, number=7, at=AT)
    assert key_of(event, WORD) == f"d|Observation/1|Subscription/1|7|{AT}"


@pytest.mark.parametrize(
    "notice",
    [
        DELETED,
        replace(DELETED, number=1, at="2026-11-20"),  # HAPI: the day alone, and it restarts at 1
        Notice(Happening.SOMETHING, number=7, at=AT),
        Notice(Happening.CHANGED, "Observation", "1", number=7, at=AT),
        Notice(Happening.CHANGED, "Observation", "1"),
    ],
)
def test_a_notice_without_version_and_content_is_never_a_duplicate(notice):
    assert key_of(notice, WORD) == ""


@pytest.mark.parametrize("case", notifications(), ids=lambda case: case.name)
def test_a_repeated_delivery_has_the_keys_of_the_first(case):
    if "refused" in case.expect:
        return
    first, second = read_delivery(case.sent), read_delivery(case.sent)
    keys = [key_of(notice, first.channel) for notice in first.notices]
    assert keys == [key_of(notice, second.channel) for notice in second.notices]
    known = [key for key in keys if key]
    assert len(set(known)) == len(known)
