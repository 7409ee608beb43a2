"""Events that did not come, told by their numbers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.fhir.notices.notice import ChannelWord, Happening, Notice
from service.usecases.exchange.desk import Channel
from service.usecases.exchange.gaps import STRETCHES, found, heard

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
KNOWN = Channel("Subscription/1", number=5, heard=NOW - timedelta(hours=1), status="active")


def events(*numbers, known=KNOWN, at=NOW):
    """A notification of these events."""
    word = ChannelWord("Subscription/1", kind="event-notification", status="active")
    notices = [Notice(Happening.CHANGED, "Observation", f"o{n}", number=n) for n in numbers]
    return heard(known, word, notices, at)


def counted(so_far, kind="heartbeat", known=KNOWN, status="active"):
    """A notification without events that says how many there were."""
    word = ChannelWord("Subscription/1", kind=kind, status=status, so_far=so_far)
    return heard(known, word, (), NOW)


def test_the_first_event_of_all_is_where_the_counting_begins():
    told = events(21, known=Channel("Subscription/1"))
    assert (told.channel.number, told.channel.missing) == (21, ())
    assert not told.begun_anew


def test_the_next_number_leaves_nothing_out():
    told = events(6)
    assert (told.channel.number, told.channel.missing, told.channel.gap_since) == (6, (), None)


def test_numbers_that_are_left_out_are_missing_since_now():
    told = events(9)
    assert told.channel.number == 9
    assert told.channel.missing == ((6, 8),)
    assert told.channel.gap_since == NOW


def test_a_gap_is_as_old_as_its_oldest_stretch():
    first = events(7).channel
    second = events(9, known=first, at=NOW + timedelta(minutes=1)).channel
    assert second.missing == ((6, 6), (8, 8))
    assert second.gap_since == NOW


def test_several_events_of_one_notification_are_counted_whatever_their_order():
    assert events(8, 6, 7).channel == replace(KNOWN, number=8, heard=NOW)


def test_what_comes_late_is_not_missing_any_more():
    late = events(6, known=events(8).channel)
    assert late.channel.missing == ((7, 7),)
    assert late.channel.number == 8
    done = events(7, known=late.channel)
    assert (done.channel.missing, done.channel.gap_since) == ((), None)
    assert not late.begun_anew
    assert not done.begun_anew


def test_an_event_that_is_delivered_twice_is_no_new_beginning():
    told = events(5)
    assert not told.begun_anew
    assert told.channel.number == 5


@pytest.mark.parametrize("number", [1, 4])
def test_falling_numbers_are_a_server_that_began_to_count_anew(number):
    told = events(number, known=events(9).channel)
    assert told.begun_anew
    assert (told.channel.number, told.channel.missing) == (number, ())


@pytest.mark.parametrize("kind", ["handshake", "heartbeat", "query-status"])
def test_what_brings_no_event_tells_how_many_there_were(kind):
    assert counted(5, kind).channel.missing == ()
    told = counted(7, kind)
    assert told.channel.missing == ((6, 7),)
    assert told.channel.number == 7


def test_a_count_that_fell_is_a_new_beginning_too():
    told = counted(0)
    assert told.begun_anew
    assert told.channel.number == 0


def test_the_first_count_of_all_is_where_the_counting_begins():
    told = counted(7, known=Channel("Subscription/1"))
    assert (told.channel.number, told.channel.missing) == (7, ())


def test_the_count_beside_events_is_not_counted_twice():
    word = ChannelWord("Subscription/1", kind="event-notification", so_far=6)
    notices = [Notice(Happening.CHANGED, "Observation", "o", number=6)]
    assert heard(KNOWN, word, notices, NOW).channel.missing == ()


def test_events_without_numbers_change_nothing_but_that_it_was_heard():
    word = ChannelWord("Subscription/1", kind="event-notification")
    told = heard(KNOWN, word, [Notice(Happening.SOMETHING)], NOW)
    assert told.channel == replace(KNOWN, heard=NOW)


def test_a_status_stays_until_another_is_said():
    assert counted(5, status="error").channel.status == "error"
    assert counted(5, status="").channel.status == "active"


def test_more_stretches_than_are_remembered_are_one_long_one():
    known = KNOWN
    for number in range(7, 7 + 2 * (STRETCHES + 1), 2):
        known = events(number, known=known).channel
    assert len(known.missing) == 1
    ((first, last),) = known.missing
    assert (first, last) == (6, known.number - 1)


def test_what_is_found_in_the_middle_leaves_both_ends():
    channel = replace(KNOWN, number=20, missing=((6, 12),), gap_since=NOW)
    assert found(channel, (8, 9)).missing == ((6, 7), (10, 12))
    assert found(channel, (1, 30)) == replace(channel, missing=(), gap_since=None)


@given(
    st.lists(st.tuples(st.integers(1, 40), st.integers(0, 5)), max_size=5),
    st.tuples(st.integers(1, 40), st.integers(0, 10)),
)
def test_what_is_found_is_missing_no_more_and_everything_else_is(stretches, one):
    missing = tuple((first, first + more) for first, more in stretches)
    gone = (one[0], one[0] + one[1])
    left = found(Channel("Subscription/1", missing=missing), gone).missing
    assert numbers(left) == numbers(missing) - numbers([gone])
    assert all(first <= last for first, last in left)


def numbers(stretches):
    return {n for first, last in stretches for n in range(first, last + 1)}


@given(st.permutations(range(1, 9)), st.sets(st.integers(1, 8), max_size=4))
def test_whatever_order_events_come_in_nothing_that_came_is_missing_in_the_end(order, lost):
    """Unless a number fell so that the source is looked at as a whole."""
    known, anew = Channel("Subscription/1", number=0), False
    came = [number for number in order if number not in lost]
    for number in came:
        told = events(number, known=known)
        known, anew = told.channel, anew or told.begun_anew
    assert not anew
    last = max(came, default=0)
    assert numbers(known.missing) == {n for n in lost if n < last}
