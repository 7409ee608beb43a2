"""`her2 status` and `her2 outbox`: how the exchange stands, for people."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click
from rich.table import Table

from service.cli_desk import (
    add_row,
    form_option,
    local,
    opened_desk,
    show,
    source_option,
    table_of,
)
from service.cli_parts import issues_in
from service.fhir.json import encode
from service.usecases.exchange.desk import Owed
from service.usecases.exchange.status import Standing
from service.usecases.exchange.status import status as status_of
from service.usecases.exchange.status import told as told_of
from service.usecases.record.stored import instant

#: Patients that a list of the outbox names at the most.
MOST = 1000


@click.command("status")
@form_option
def status(form: str) -> None:
    """How it stands with each source: what came, what waits, what is owed, what went wrong.

    No patient is named. `her2 quarantine list` and `her2 outbox list` tell more of what waits for
    a person.
    """
    with opened_desk() as opened:
        found = [status_of(trading, opened.now) for trading in opened.tradings.values()]
    if form == "json":
        click.echo(encode({"at": instant(opened.now), "sources": [told_of(s) for s in found]}))
        return
    if not found:
        click.echo("No source is configured: see [sources.NAME] in the README.")
    for standing in found:
        _print_standing(standing)


@click.group()
def outbox() -> None:
    """What the sources' servers are still to get."""


@outbox.command("list")
@source_option
@form_option
def list_outbox(source: str, form: str) -> None:
    """List the patients whose plans a server did not get yet, the oldest first, and why.

    This names patients by their ids and repeats what the server answered: it is for who may see
    patient data.
    """
    with opened_desk() as opened:
        opened.check(source)
        found = opened.desk.owed(source, limit=MOST)
    if form == "json":
        click.echo(encode([_owed(owed) for owed in found]))
        return
    table = table_of("since", "source", "patient", "tries", "state", "why")
    for owed in found:
        state = "parked" if owed.parked else f"due {local(owed.due)}"
        why = " ".join([owed.said, *issues_in(owed.outcome)])
        add_row(table, local(owed.since), owed.source, owed.patient, owed.tries, state, why)
    show(table if found else "Nothing is owed to anybody.")
    if len(found) == MOST:
        show(f"These are the oldest {MOST}; there may be more.")


@outbox.command("retry")
@source_option
@click.option("--patient", default="", help="One patient, as `her2 outbox list` names him.")
def retry_outbox(source: str, patient: str) -> None:
    """Try again what was parked: all of it, or that of one source or patient.

    The worker (her2 serve or her2 deliver) sends it; what is refused again is parked again.
    """
    with opened_desk() as opened:
        opened.check(source)
        count = opened.desk.unpark(opened.now, source, patient)
    click.echo(f"{count} parked are tried again.")


def _print_standing(standing: Standing) -> None:
    source, state, counts = standing.source, standing.state, standing.counts

    def ago(moment: datetime | None) -> str:
        seconds = standing.seconds_since(moment)
        return "never" if seconds is None or moment is None else f"{_long(seconds)} ago"

    grid = Table(title=source.name, title_justify="left", show_header=False, box=None)
    add_row(grid, "address", source.at.base)
    add_row(grid, "plans go to", source.write_to.base if source.write_to else "nowhere")
    add_row(grid, "unreadable is", "refused" if source.strict else "put in quarantine")
    if state.failing_since:
        add_row(
            grid,
            "failing",
            f"since {_long(standing.seconds_since(state.failing_since) or 0)}: {state.said}",
        )
    add_row(grid, "last notification", ago(state.last_notice))
    caught = local(state.caught_up) if state.caught_up else "never looked"
    add_row(grid, "caught up until", caught)
    for channel in standing.channels:
        missing = ", ".join(
            str(first) if first == last else f"{first} to {last}" for first, last in channel.missing
        )
        parts = [
            channel.status or "status not told",
            f"last event {channel.number}" if channel.number is not None else "events not counted",
            f"missing {missing}" if missing else "none missing",
            f"heard {ago(channel.heard)}",
            channel.said,
        ]
        add_row(grid, channel.subscription, "; ".join(filter(None, parts)))
    by_state = ", ".join(f"{count} {name}" for name, count in sorted(counts.notices.items()))
    add_row(grid, "notices", by_state or "none")
    if counts.oldest_waiting:
        add_row(grid, "oldest waiting", ago(counts.oldest_waiting))
    add_row(grid, "quarantine", standing.quarantined)
    add_row(grid, "patients", f"{counts.patients}, {counts.incomplete} with something not readable")
    oldest = f", the oldest {ago(counts.oldest_owed)}" if counts.oldest_owed else ""
    add_row(grid, "outbox", f"{counts.owed} owed, {counts.parked} parked{oldest}")
    add_row(grid, "drug records", state.published or state.publish_said or "not published")
    show(grid)


def _owed(owed: Owed) -> dict[str, Any]:
    return {
        "source": owed.source,
        "patient": owed.patient,
        "since": instant(owed.since),
        "tries": owed.tries,
        "due": instant(owed.due),
        "parked": owed.parked,
        "said": owed.said,
        "outcome": owed.outcome,
    }


def _long(seconds: float) -> str:
    """`40 s`, `12 min`, `5 h` or `3 d`."""
    for size, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{int(seconds // size)} {name}"
    return f"{int(seconds)} s"
