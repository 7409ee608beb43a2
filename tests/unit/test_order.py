"""Which of several notices about one resource stands."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.fhir.notices.notice import Happening
from service.usecases.exchange.desk import Arrival, Kept
from service.usecases.exchange.order import Verdict, decide
from service.usecases.record.along import Seen

START = datetime(2026, 11, 20, 9, tzinfo=UTC)


def at(second):
    return None if second is None else START + timedelta(seconds=second)


def kept(seq, second=None, version="", body=b"{}", happening=Happening.CHANGED):
    """A notice; second: of its `lastUpdated`."""
    arrival = Arrival(happening, "Observation", "o", version, at(second), body=body)
    return Kept(seq, "hapi", START, arrival, 0, START)


def ids_only(seq, version=""):
    return kept(seq, version=version, body=None)


def deleted(seq):
    return kept(seq, body=None, happening=Happening.DELETED)


def seen(second=None, version="", gone=False):
    return Seen("Observation", "o", "o", version, at(second), gone)


def newest(decision):
    return decision.newest.seq if decision.newest else None


def test_the_first_content_of_all_is_taken():
    decision = decide([kept(1, 1, "1")], None)
    assert (decision.verdict, newest(decision)) == (Verdict.TAKE, 1)


@pytest.mark.parametrize("order", [(2, 3), (3, 2)])
def test_the_newer_of_two_is_taken_whichever_came_first(order):
    decision = decide([kept(n, n, str(n)) for n in order], seen(1, "1"))
    assert (decision.verdict, newest(decision)) == (Verdict.TAKE, 3)


def test_version_3_then_2_takes_nothing_more():
    assert decide([kept(9, 2, "2")], seen(3, "3")).verdict is Verdict.NOTHING


def test_the_time_tells_whatever_the_versions_look_like():
    assert decide([kept(1, 5, "1")], seen(3, "9")).verdict is Verdict.TAKE
    assert decide([kept(1, 3, "9")], seen(5, "1")).verdict is Verdict.NOTHING
    assert decide([kept(1, 5, "b7c1")], seen(3, "f0aa")).verdict is Verdict.TAKE


def test_of_one_second_the_higher_number_stands():
    assert decide([kept(1, 5, "10")], seen(5, "9")).verdict is Verdict.TAKE
    assert decide([kept(1, 5, "9")], seen(5, "10")).verdict is Verdict.NOTHING


def test_a_time_against_none_is_for_the_source_to_say():
    assert decide([kept(1, 5)], seen(None, "")).verdict is Verdict.ASK
    assert decide([kept(1, None)], seen(5, "2")).verdict is Verdict.ASK
    assert decide([kept(1, None), kept(2, 5)], None).verdict is Verdict.ASK


def test_versions_of_one_time_that_cannot_be_counted_are_for_the_source_to_say():
    assert decide([kept(1, 5, "b7c1")], seen(5, "f0aa")).verdict is Verdict.ASK
    assert decide([kept(1, None, "b7c1"), kept(2, None, "f0aa")], None).verdict is Verdict.ASK
    assert decide([kept(1, 5, "b7c1")], seen(5, "b7c1")).verdict is Verdict.TAKE


def test_an_id_alone_is_for_the_source_to_say():
    assert decide([ids_only(1)], None).verdict is Verdict.ASK
    assert decide([kept(1, 5), ids_only(2)], seen(4)).verdict is Verdict.ASK


def test_a_sender_that_says_neither_time_nor_version_means_what_it_says_last():
    decision = decide([kept(1), kept(2)], seen())
    assert (decision.verdict, newest(decision)) == (Verdict.TAKE, 2)


def test_a_deletion_alone_removes():
    assert decide([deleted(1), deleted(2)], seen(3, "3")).verdict is Verdict.REMOVE
    assert decide([deleted(1)], None).verdict is Verdict.REMOVE


def test_what_is_gone_is_not_removed_twice():
    assert decide([deleted(1)], seen(3, gone=True)).verdict is Verdict.NOTHING


def test_a_deletion_beside_content_is_for_the_source_to_say():
    assert decide([kept(1, 5), deleted(2)], seen(4)).verdict is Verdict.ASK
    assert decide([deleted(1), kept(2, 5)], seen(4)).verdict is Verdict.ASK


def test_content_of_what_was_gone_is_for_the_source_to_say():
    assert decide([kept(1, 5, "9")], seen(3, "3", gone=True)).verdict is Verdict.ASK


#: Versions of one resource as a server writes them: each at or after the one before, counted, or
#: named so that nothing can be counted; a sender may leave out the time.
HISTORIES = st.lists(st.integers(0, 2), min_size=1, max_size=6).map(
    lambda steps: [sum(steps[: i + 1]) for i in range(len(steps))]
)


def source(history, opaque, timeless):
    """number -> (time, version) as notices carry them."""
    return {
        number: (
            None if number in timeless else second,
            f"{(number * 7919) % 97:02x}-v" if opaque else str(number),
        )
        for number, second in enumerate(history, 1)
    }


def taken_in_the_end(history, batches, opaque=False, timeless=frozenset()):
    """What stands after these batches of version numbers, each worked on together; whether the
    source was asked, which answers with the newest of all."""
    versions = source(history, opaque, timeless)
    last = len(history)
    known, number, asked = None, None, False
    for batch in filter(None, batches):
        notices = [kept(i, *versions[n]) for i, n in enumerate(batch)]
        decision = decide(notices, known)
        if decision.verdict is Verdict.ASK:
            asked, number = True, last
            known = seen(history[last - 1], versions[last][1])
        elif decision.verdict is Verdict.TAKE:
            number = batch[newest(decision)]
            known = seen(*versions[number])
        else:
            assert decision.verdict is Verdict.NOTHING
    return number, asked


@st.composite
def deliveries(draw):
    """A history, and its versions delivered in any order, some twice, in batches."""
    history = draw(HISTORIES)
    numbers = list(range(1, len(history) + 1))
    again = draw(st.lists(st.sampled_from(numbers), max_size=3))
    order = draw(st.permutations(numbers + again))
    cuts = sorted(draw(st.sets(st.integers(0, len(order)), max_size=4)))
    edges = [0, *cuts, len(order)]
    return history, [order[a:b] for a, b in pairwise(edges)]


@given(deliveries())
def test_whatever_order_versions_come_in_the_newest_stands_in_the_end(delivered):
    history, batches = delivered
    assert taken_in_the_end(history, batches) == (len(history), False)


@given(deliveries())
def test_versions_that_cannot_be_counted_are_told_apart_by_their_time_or_the_source(delivered):
    history, batches = delivered
    number, asked = taken_in_the_end(history, batches, opaque=True)
    assert asked or number == len(history)


@given(deliveries(), st.data())
def test_where_some_have_no_time_the_newest_stands_or_the_source_is_asked(delivered, data):
    history, batches = delivered
    timeless = data.draw(st.sets(st.integers(1, len(history)), min_size=1))
    for opaque in (False, True):
        number, asked = taken_in_the_end(history, batches, opaque, timeless)
        assert asked or number == len(history)


@given(st.permutations([1, 2, 3]), st.permutations([0, 1, 2]))
def test_content_and_a_deletion_that_are_worked_on_together_are_for_the_source(order, places):
    notices = [kept(i, n, str(n)) for i, n in enumerate(order)]
    notices.insert(places[0], deleted(9))
    assert decide(notices, seen(0, "0")).verdict is Verdict.ASK
