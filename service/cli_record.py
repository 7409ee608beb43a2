"""`her2 db` and `her2 audit`: the record's database, its retention, and its log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import click

from service.adapters.store.store import SqlStore
from service.cli_parts import StoreRefused, settings_in_force, upgraded
from service.core.errors import StoreUnavailable
from service.fhir.json import encode
from service.fhir.systems import Systems
from service.fhir.version import FhirVersion
from service.settings import Settings
from service.usecases.record.audits import audit_events
from service.usecases.record.prune import prune
from service.usecases.record.removal import Removed
from service.wiring import local_time

_DAYS = {"d": 1, "w": 7, "y": 365}


class Age(click.ParamType):
    """`30d`, `8w` or `2y`: days, weeks, or years of 365 days; at least a day."""

    name = "age"

    def convert(self, value: Any, param: Any, ctx: Any) -> timedelta:
        """The time that it is long."""
        said = re.fullmatch(r"([1-9][0-9]{0,4})([dwy])", str(value))
        days = int(said[1]) * _DAYS[said[2]] if said else 0
        if not 0 < days <= 365 * 200:
            self.fail("an age is a number with d, w or y behind it, such as 30d, 8w or 2y")
        return timedelta(days=days)


@click.group()
def db() -> None:
    """The database of the record (HER2_DATABASE_URL)."""


@db.command("upgrade")
def upgrade_database() -> None:
    """Make the tables, or bring them up to date; `her2 serve` does it too.

    Safe to run again, and by several at once.
    """
    click.echo(f"The database stands at step {upgraded(settings_in_force())}, the newest there is.")


@db.command("prune")
@click.option(
    "--older-than", "age", type=Age(), required=True, help="30d, 8w or 2y (years of 365 days)."
)
def prune_record(age: timedelta) -> None:
    """Remove for good what no longer stands for so long.

    Removed are versions that had been replaced by then, resources that had been deleted by then,
    and notices of other servers that had been dealt with, in batches beside a running service.
    What stands is never removed, however old, nor is anything of the audit log; that the prune was
    done is told there.

    Afterwards the history of a resource begins with the oldest version left, a version that was
    removed is 404, and so is a resource whose deletion was removed (410 before).

    Patient/{id}/$assess-her2?as-of= needs what stood on that day: a day since then is answered as
    before, since a version counts as old from when it was replaced, not from when it was made. For
    an earlier day the evidence may be incomplete, and the answer says so. Prune only what is older
    than the earliest day for which you must be able to give an answer again.
    """
    removed = Removed()
    with _store(settings_in_force()) as store:
        for batch in prune(store, age, local_time()):
            removed += batch
    click.echo(
        f"Removed {removed.versions} versions that no longer stood, and with the last of theirs "
        f"{removed.resources} deleted resources."
    )


@click.group()
def audit() -> None:
    """The log of what changed the record."""


@audit.command("export")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="From this day on, YYYY-MM-DD.")
@click.option("--fhir", type=click.Choice([v.value for v in FhirVersion]), default="r4")
def export_audit(since: datetime | None, fhir: str) -> None:
    """Print the log as NDJSON, one AuditEvent a line, in the order in which it was told."""
    settings = settings_in_force()
    start = since.astimezone() if since else None
    systems = Systems(settings.canonical_base)
    with _store(settings) as store, store.reading() as reader:
        for event in audit_events(reader, start, systems, FhirVersion(fhir)):
            click.echo(encode(event))


@contextmanager
def _store(settings: Settings) -> Iterator[SqlStore]:
    """The store as it is, not upgraded; StoreRefused where it cannot be used."""
    try:
        store = SqlStore(settings.database_url)
        try:
            if trouble := store.trouble():
                raise StoreUnavailable(trouble)
            yield store
        finally:
            store.close()
    except StoreUnavailable as unavailable:
        raise StoreRefused(str(unavailable)) from None
