"""Which ISH numbers were counted together."""

from service.core.counts import as_unsatisfactory, counts_from
from service.core.findings import Probe, Standing
from tests.support.laboratory import ish, number

CORRECTED = {"standing": Standing.AMENDED}


def counts(*numbers):
    return counts_from([n for group in numbers for n in group])


def test_the_numbers_of_one_day_are_one_count():
    (count,) = counts(ish("2.5", "5.0", "2.0", "40"))
    assert count.ratio == number("2.5")
    assert count.copies == number("5.0")
    assert count.cep17 == number("2.0")
    assert count.cells == number("40")


def test_a_number_that_a_count_lacks_joins_it_on_a_later_day():
    (count,) = counts(ish("2.5"), ish(copies="5.0", on=3))
    assert count.ratio
    assert count.copies


def test_two_days_with_the_same_number_are_two_counts_the_earlier_first():
    first, second = counts(ish("1.5", "4.8", on=3), ish("2.5", "5.0"))
    assert first.ratio == number("2.5")
    assert second.ratio == number("1.5")


def test_a_panel_holds_its_numbers_together_whatever_their_days():
    panels = ish("2.5", panel="A"), ish(copies="5.0", on=9, panel="A"), ish("1.1", "3.0", panel="B")
    assert [bool(c.ratio and c.copies) for c in counts(*panels)] == [True, True]


def test_another_performer_counted_apart():
    both = ish("2.5", "5.0", performer="dr a"), ish("1.5", "4.8", performer="dr b")
    assert len(counts(*both)) == 2


def test_a_recount_of_the_same_day_and_observer_is_apart():
    both = counts(ish("2.5", "5.0"), ish("1.5", "4.8", recount=True))
    assert {(c.recount, c.ratio) for c in both} == {(False, number("2.5")), (True, number("1.5"))}


def test_a_second_population_is_apart():
    first, second = counts(ish("1.1", "2.0"), ish("4.0", "9.0", second_population=True))
    assert (first.second_population, second.second_population) == (False, True)


def test_single_and_dual_probe_are_never_one_count():
    both = ish("2.5", probe=Probe.DUAL), ish(copies="5.0", probe=Probe.SINGLE, on=2)
    assert len(counts(*both)) == 2


def test_a_corrected_count_replaces_the_first():
    (count,) = counts(ish("2.5", "5.0"), ish("1.5", "3.0", on=2, **CORRECTED))
    assert count.ratio == number("1.5")


def test_a_corrected_recount_does_not_replace_the_first_count():
    kept = counts(ish("2.5", "5.0"), ish("1.5", "3.0", on=2, recount=True, **CORRECTED))
    assert [c.ratio for c in kept] == [number("2.5"), number("1.5")]


def test_two_different_numbers_in_one_count_contradict_each_other():
    (count,) = counts(ish("2.5", "5.0"), ish("1.5"))
    assert "Q08" in count.reasons


def test_the_corrected_number_of_one_count_is_taken():
    (count,) = counts(ish("2.5", "5.0"), ish("1.5", **CORRECTED))
    assert count.reasons == ()
    assert count.ratio == number("1.5")


def test_2_0_and_2_00_are_one_number():
    (count,) = counts(ish("2.0", "5.0"), ish("2.00"))
    assert count.reasons == ()


def test_the_order_in_which_numbers_came_plays_no_part():
    numbers = [*ish("2.5", "5.0"), *ish("1.5", "4.8", on=4, recount=True), *ish(cep17="2.0", on=2)]
    said = [
        [(c.ratio, c.copies, c.cep17, c.recount) for c in counts_from(order)]
        for order in (numbers, numbers[::-1])
    ]
    assert said[0] == said[1]


def test_a_reason_can_be_added_to_a_count():
    (count,) = counts(ish("2.5", "5.0"))
    assert as_unsatisfactory(count, "Q08").reasons == ("Q08",)
