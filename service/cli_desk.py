"""What the commands over the desk share: how it is opened, and tables that are safe to print."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from service.adapters.store.store import SqlStore
from service.cli_parts import StoreRefused, settings_in_force
from service.core.errors import KnowledgeError, StoreUnavailable
from service.usecases.exchange.desk import Desk
from service.usecases.exchange.trading import Trading
from service.wiring import library_of, local_time, tradings_of

form_option = click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True
)
source_option = click.option("--source", default="", help="Those of one source.")


@dataclass(frozen=True, slots=True)
class Opened:
    """What the commands work with. tradings: the sources as they are configured, by name."""

    desk: Desk
    tradings: Mapping[str, Trading]
    now: datetime

    def check(self, source: str) -> None:
        """An empty list of a source that is misspelt would be believed."""
        if source and source not in self.tradings:
            known = ", ".join(self.tradings) or "none"
            raise click.ClickException(f"There is no source {source!r}. Configured: {known}.")


@contextmanager
def opened_desk() -> Iterator[Opened]:
    """The database as it is, not upgraded; StoreRefused where it cannot be used."""
    settings = settings_in_force()
    try:
        store = SqlStore(settings.database_url)
        try:
            if trouble := store.trouble():
                raise StoreUnavailable(trouble)
            library = library_of(settings.concept_map)
            tradings = tradings_of(settings, store, library, local_time)
            yield Opened(store.desk, tradings, local_time())
        finally:
            store.close()
    except StoreUnavailable as unavailable:
        raise StoreRefused(str(unavailable)) from None
    except KnowledgeError as error:
        raise click.ClickException(str(error)) from None


def local(moment: datetime) -> str:
    """A time as the people of this machine read it."""
    return moment.astimezone().isoformat(" ", "seconds")


def table_of(*columns: str) -> Table:
    """A table of lines; long cells are folded, never cut."""
    table = Table(box=None, padding=(0, 2), pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def add_row(table: Table, *cells: Any) -> None:
    """One line, safe to print."""
    table.add_row(*(Text(printable(str(cell))) for cell in cells))


def printable(text: str) -> str:
    """What another server sent never moves a cursor: anything but letters is written out."""
    return "".join(
        letter if letter.isprintable() or letter == "\n" else repr(letter)[1:-1] for letter in text
    )


def show(what: Table | str) -> None:
    """Print it, as wide as the terminal is."""
    Console(highlight=False, emoji=False, markup=False).print(what)
