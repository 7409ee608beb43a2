"""`her2 quarantine`: what came from a source and could not be taken in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import click
from rich.table import Table

from service.cli_desk import (
    add_row,
    form_option,
    local,
    opened_desk,
    printable,
    show,
    source_option,
    table_of,
)
from service.core.errors import RequestRefused
from service.fhir.json import encode
from service.usecases.exchange.desk import Kept, State
from service.usecases.exchange.quarantine import dismiss, held, listed, one, replay, shown

_numbers = click.argument("numbers", type=click.IntRange(1), nargs=-1, metavar="NUMBER...")


@click.group()
def quarantine() -> None:
    """What came from a source and could not be taken in."""


@quarantine.command("list")
@source_option
@form_option
def list_quarantine(source: str, form: str) -> None:
    """List what is in quarantine, the oldest first; nothing clinical is shown."""
    with opened_desk() as opened:
        opened.check(source)
        found = [listed(kept) for kept in held(opened.desk, source)]
    if form == "json":
        click.echo(encode(found))
        return
    table = table_of("number", "received", "source", "what", "why")
    for each in found:
        when = local(datetime.fromisoformat(each["received"]))
        add_row(table, each["number"], when, each["source"], each["what"], each["reason"])
    show(table if found else "Nothing is in quarantine.")


@quarantine.command("show")
@click.argument("number", type=click.IntRange(1))
@form_option
def show_quarantine(number: int, form: str) -> None:
    """Show one with all that was delivered.

    That is patient data: this is for who may see it.
    """
    with opened_desk() as opened:
        found = _allowed(lambda: shown(one(number, opened.desk)))
    if form == "json":
        click.echo(encode(found))
        return
    grid = Table(show_header=False, box=None, padding=(0, 2), pad_edge=False)
    for name, value in found.items():
        if name not in ("body", "text"):
            add_row(grid, name, value)
    show(grid)
    if "text" in found:
        click.echo(printable(found["text"]))
    else:
        click.echo(
            "It came without a body." if "body" not in found else f"{found['body']} (base64)"
        )


@quarantine.command("replay")
@_numbers
@click.option("--all", "source", default="", metavar="SOURCE", help="All that came from SOURCE.")
def replay_quarantine(numbers: Sequence[int], source: str) -> None:
    """Take it in once more, after a mapping or the source was mended.

    What could not be read when it came is read again at once. The worker (her2 serve or her2
    deliver) takes in the rest, with the settings that it was started with: start it anew after
    HER2_CONCEPT_MAP changed. The patient is assessed again even when the record has the same
    content already. Ends with 1 where something of it stays in quarantine.
    """
    if bool(numbers) is bool(source):
        raise click.UsageError("Give numbers, or --all SOURCE.")
    with opened_desk() as opened:
        opened.check(source)
        if source:
            numbers = [kept.seq for kept in held(opened.desk, source)]
        _each(numbers, lambda number: replay(number, opened.desk, opened.tradings))


@quarantine.command("dismiss")
@_numbers
@click.option("--reason", required=True, help="Why, for who asks later; without patient data.")
def dismiss_quarantine(numbers: Sequence[int], reason: str) -> None:
    """Never take it in. It is kept with the reason, until `her2 db prune` removes it."""
    if not numbers:
        raise click.UsageError("Give the numbers, as `her2 quarantine list` has them.")
    with opened_desk() as opened:
        _each(numbers, lambda number: dismiss(number, reason, opened.desk, opened.now))


def _each(numbers: Sequence[int], decide: Callable[[int], Kept]) -> None:
    """Say of each what became of it; exit code 1 where that is not what was asked."""
    in_vain = False
    for number in numbers:
        try:
            arrival = decide(number).arrival
        except RequestRefused as refused:
            in_vain = True
            said = " ".join(fault.text for fault in refused.faults)
        else:
            stays = arrival.state is State.QUARANTINED
            in_vain |= stays
            said = f"still in quarantine: {arrival.reason}" if stays else f"{arrival.state}."
        click.echo(printable(f"{number}: {said}"))
    if in_vain:
        raise SystemExit(1)


def _allowed(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except RequestRefused as refused:
        said = " ".join(fault.text for fault in refused.faults)
        raise click.ClickException(said) from None
