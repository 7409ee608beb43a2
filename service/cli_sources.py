"""`her2 subscribe`, `her2 catch-up` and `her2 publish`: what is asked of one source by name."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import click

from service.adapters.store.store import SqlStore
from service.cli_parts import SettingsRefused, StoreRefused, issues_in, settings_in_force, upgraded
from service.core.errors import ServerAway, ServerRefused, SettingsError, StoreUnavailable
from service.usecases.exchange.catch_up import catch_up as look_since
from service.usecases.exchange.publish import publish as publish_records
from service.usecases.exchange.subscribe import subscribe as subscribe_to
from service.usecases.exchange.trading import Trading
from service.wiring import library_of, local_time, settle_in, tradings_of


class Since(click.ParamType):
    """A date or a time; without a zone it is the machine's own."""

    name = "since"

    def convert(self, value: Any, param: Any, ctx: Any) -> datetime:
        """Not in the future, where nothing has changed yet."""
        if isinstance(value, datetime):
            return value
        try:
            said = datetime.fromisoformat(value).astimezone()
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no date or time such as 2026-11-01 or 2026-11-01T08:00Z.")
        if said > local_time():
            self.fail(f"{value!r} is in the future.")
        return said


@click.command("subscribe")
@click.argument("source")
@click.option(
    "--wait",
    type=click.FloatRange(0, 600),
    default=30.0,
    show_default=True,
    help="Seconds until the server has to have activated it.",
)
def subscribe(source: str, wait: float) -> None:
    """Register our address at SOURCE, and see that it became active.

    Registered again it is not there twice: what is there is brought up to date.
    """
    with _trading(source) as trading:
        done = subscribe_to(trading, wait, time.sleep)
    click.echo(f"{', '.join(done.active)}: active, {done.made} of them new.")
    if done.others:
        click.echo(f"{', '.join(done.others)}: also calls us; left alone.", err=True)


@click.command("catch-up")
@click.argument("source")
@click.option("--since", type=Since(), help="A date or time; default: since the last look.")
def catch_up(source: str, since: datetime | None) -> None:
    """Look what changed at SOURCE, whatever it did or did not notify us of."""
    with _trading(source) as trading:
        new = look_since(trading, since)
    click.echo(f"{new} new: the worker (`her2 serve` or `her2 deliver`) takes them in.")


@click.command("publish")
@click.argument("source")
def publish(source: str) -> None:
    """Put the drug records where the plans of SOURCE are written, or bring them up to date."""
    with _trading(source) as trading:
        done = publish_records(trading)
    click.echo(f"{done.records} MedicationKnowledge of edition {done.edition} are there.")


@contextmanager
def _trading(name: str) -> Iterator[Trading]:
    """The source of that name; whatever its server or the settings refuse is one sentence."""
    settings = settings_in_force()
    names = [source.name for source in settings.sources]
    if name not in names:
        known = f"Configured: {', '.join(names)}." if names else "None is configured."
        raise click.ClickException(f"There is no source {name!r}. {known}")
    upgraded(settings)
    store = SqlStore(settings.database_url)
    try:
        settle_in(settings, store)
        library = library_of(settings.concept_map)
        yield tradings_of(settings, store, library, local_time)[name]
    except SettingsError as error:
        raise SettingsRefused(str(error)) from None
    except StoreUnavailable as unavailable:
        raise StoreRefused(str(unavailable)) from None
    except ServerRefused as refused:
        said = [f"It says: {text}" for text in issues_in(refused.outcome) if text]
        raise click.ClickException(" ".join([str(refused), *said])) from None
    except ServerAway as away:
        raise click.ClickException(str(away)) from None
    finally:
        store.close()
