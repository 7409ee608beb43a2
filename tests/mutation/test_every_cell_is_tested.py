"""A condition, an effect or a blocker that is wrong in a therapy table fails a fixture case.

Parts of conditions, ranks, orders and jurisdictions are tried by hand, since there are many:
`python -m tests.mutation.flip_tables parts`.
"""

import pytest

from tests.mutation.flip_tables import EQUIVALENT, Level, killer, of_level, replays
from tests.support.cases import cases, library
from tests.support.doors import by_use_case, comparable
from tests.support.replay import read, same_tables

WHOLE = list(of_level(Level.WHOLE))


@pytest.mark.parametrize("mutant", WHOLE, ids=str)
def test_a_case_notices_a_cell_that_says_the_opposite(mutant):
    noticed = killer(mutant, replays())
    if str(mutant) in EQUIVALENT:
        assert noticed is None, f"{noticed.case.name} can tell: it is not equivalent"
    else:
        assert noticed, f"no case under fixtures/cases notices {mutant}"


def test_every_condition_there_is_was_denied():
    denied = [m for m in WHOLE if m.kind == "condition"]
    tables = library().regimens
    flags = [setting for setting in tables.settings if setting.flag_when]
    assert len(denied) == len(tables.conditions) + len(tables.follows) + len(flags)
    assert [m.row for m in WHOLE if m.kind == "effect"] == list(tables.blockers)
    assert [m.row for m in WHOLE if m.kind == "removal"] == list(tables.blockers)


def test_what_is_called_equivalent_is_a_mutant():
    every = {str(mutant) for level in Level for mutant in of_level(level)}
    assert set(EQUIVALENT) <= every


@pytest.mark.parametrize("case", cases()[::50], ids=lambda case: case.name)
def test_a_case_answered_again_from_the_same_tables_is_answered_the_same(case):
    replay = read(case)
    assert comparable(same_tables(replay)) == by_use_case(case)
    assert not replay.notices(library().regimens)
