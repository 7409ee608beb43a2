"""Retention: what no longer stood at a time is removed; what stands never is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import uuid4

from service.core.audit import PRUNE, Audit
from service.usecases.record.port import Store
from service.usecases.record.removal import Removed
from service.usecases.record.stored import instant


def prune(store: Store, age: timedelta, now: datetime) -> Iterator[Removed]:
    """Remove versions that had a successor, and resources that were deleted, `age` ago or earlier.

    A version is as old as the moment since when it no longer stands, not as its own making: so all
    that stood at any moment since then is still there, and an assessment as of a day since then
    gives the answer that it gave. Says after each batch how much it removed.
    """
    before = now - age
    told = Audit(
        id=str(uuid4()),
        recorded=now,
        action="D",
        interaction=PRUNE,
        type="",
        target=instant(before),
        number=None,
        patient="",
        agent="operator of the command her2 db prune",
        network="",
        request="",
        base="",
    )
    return store.prune(before, told)
