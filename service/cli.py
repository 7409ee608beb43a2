"""The `her2` command: a door like the others, and the way to start the rest."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from ipaddress import ip_address
from multiprocessing import get_context
from pathlib import Path
from threading import Event, Thread
from typing import Any

import click
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from service import __version__
from service.cli_exchange import deliver, worker_main
from service.cli_parts import SettingsRefused, settings_in_force, upgraded
from service.cli_quarantine import quarantine
from service.cli_record import audit, db
from service.cli_sources import catch_up, publish, subscribe
from service.cli_status import outbox, status
from service.cli_table import print_answer, print_refusal
from service.core.errors import KnowledgeError, RequestRefused
from service.fhir.json import decode, encode
from service.fhir.outcome import outcome_of
from service.fhir.version import FhirVersion
from service.knowledge.library import load_library
from service.knowledge.profiles import profiles_folder, read_profiles, write_profiles
from service.settings import Settings
from service.usecases.assess import Caller, assess
from service.usecases.definitions import differences
from service.web.inflate import MAGIC, inflate
from service.web.requirements import definition_files
from service.wiring import house_of, library_of, local_time, served_app

LARGEST_FILE = 1 << 30  # bytes, unpacked: a file of one's own may be larger than a request
THREADS = 4  # a worker; the work is the processor's, more would only hold more bodies in memory


class TablesRefused(click.ClickException):
    """The knowledge does not hold together: what and where, and exit code 1."""


@click.group()
@click.version_option(__version__, prog_name="her2-service")
def main() -> None:
    """HER2 results as FHIR: category, suggestions, drug knowledge."""


main.add_command(db)
main.add_command(audit)
main.add_command(deliver)
main.add_command(subscribe)
main.add_command(catch_up)
main.add_command(publish)
main.add_command(status)
main.add_command(outbox)
main.add_command(quarantine)


@main.command()
@click.option("--host", help="Address to listen on (HER2_HOST).")
@click.option("--port", type=click.IntRange(1, 65535), help="Port (HER2_PORT).")
@click.option("--workers", type=click.IntRange(1, 128), help="Processes (HER2_WORKERS).")
@click.option("--deliver/--no-deliver", default=None, help="Run the worker too (HER2_DELIVER).")
def serve(**options: Any) -> None:
    """Run the web service; its database is made or brought up to date first."""
    stated = {name: value for name, value in options.items() if value is not None}
    settings = replace(settings_in_force(), **stated)
    if not (is_loopback(settings.host) or settings.api_token):
        raise SettingsRefused(
            f"{settings.host} is not a loopback address, and no authentication is configured: "
            "set HER2_API_TOKEN to a secret of at least 32 characters, or listen on 127.0.0.1."
        )
    try:
        library_of(settings.concept_map)
    except KnowledgeError as error:
        raise TablesRefused(str(error)) from None
    upgraded(settings)
    with worker_beside(settings):
        _serve(settings)


def _serve(settings: Settings) -> None:
    Granian(
        "her2",
        address=settings.host,
        port=settings.port,
        workers=settings.workers,
        interface=Interfaces.WSGI,
        blocking_threads=THREADS,
        websockets=False,
        respawn_failed_workers=True,
        log_level=LogLevels(settings.log_level),
    ).serve(target_loader=partial(served_app, settings), wrap_loader=False)


@contextmanager
def worker_beside(settings: Settings) -> Iterator[None]:
    """A delivery worker in a process of its own, started again whenever it ends by itself."""
    if not (settings.deliver and settings.sources):
        yield
        return
    over = Event()
    context = get_context("spawn")  # granian forks: a child of our own must not share its threads

    def keep() -> None:
        while not over.is_set():
            process = context.Process(target=worker_main, args=(settings,), daemon=True)
            process.start()
            while process.is_alive() and not over.wait(0.5):
                pass
            if over.is_set():
                process.terminate()
                process.join(12)
                process.kill()  # what it was at is begun again: nothing is half there
            process.join()
            over.wait(1.0)

    keeper = Thread(target=keep, daemon=True)
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join(15)


@main.command("assess")
@click.argument("file", type=click.File("rb"))
@click.option("--format", "form", type=click.Choice(["bundle", "table"]), default="bundle")
@click.option("--jurisdiction", help="us, eu or cn.")
@click.option("--as-of", help="The assessment day, YYYY-MM-DD.")
@click.option("--setting", help="States the setting, such as mbc-1l.")
@click.option("--bundle-type", help="collection or transaction.")
@click.option("--history-complete", is_flag=True, help="What is not mentioned did not happen.")
@click.option("--include-off-label", is_flag=True, help="Also regimens not authorised there.")
@click.option("--lenient", is_flag=True, help="An unreadable result is set aside, and flagged.")
@click.option("--fhir", type=click.Choice([v.value for v in FhirVersion]), default="r4")
def assess_file(
    file: Any, form: str, lenient: bool, fhir: str, **options: str | bool | None
) -> None:
    """Assess the HER2 evidence in FILE (or - for standard input), which may be gzipped.

    FILE holds an Observation, a Bundle, Parameters, or a JSON array of resources.
    """
    settings = settings_in_force()
    caller = Caller(query_of(options), lenient, local_time())
    try:
        library = library_of(settings.concept_map)
        house, version = house_of(settings), FhirVersion(fhir)
        answer = assess(posted_in(file.read()), caller, library, house, version)
    except KnowledgeError as error:
        raise TablesRefused(str(error)) from None
    except RequestRefused as refusal:
        if form == "table":
            print_refusal(refusal)
        else:
            _print_json(outcome_of(refusal.faults))
        sys.exit(1)
    if form == "table":
        print_answer(answer)
    else:
        _print_json(answer)


@main.command()
@click.option(
    "--guideline",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of guideline tables to check instead of those shipped.",
)
@click.option(
    "--therapy",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of therapy tables to check instead of those shipped.",
)
def check(guideline: Path | None, therapy: Path | None) -> None:
    """Prove the knowledge tables: every input meets exactly one row, every condition is sound."""
    try:
        library = load_library(guideline=guideline, therapy=therapy)
    except KnowledgeError as error:
        raise TablesRefused(str(error)) from None
    click.echo(
        "{tables} tables with {rows} rows: each of {combinations} combinations of inputs meets "
        "exactly one row.".format_map(library.proof())
    )
    click.echo(
        "{rules} regimen rules with {components} components, {blockers} blockers and {settings} "
        "settings: each of {conditions} conditions asks for known facts only.".format_map(
            library.therapy_proof()
        )
    )


@main.group()
def profiles() -> None:
    """The FHIR definitions that are made from the tables."""


@profiles.command("build")
@click.option("--check", "only_check", is_flag=True, help="Write nothing; exit 1 on a difference.")
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder, instead of the service's own `profiles`.",
)
def build_profiles(only_check: bool, into: Path | None) -> None:
    """Write every generated definition, R4 and R5; what people wrote is left alone."""
    folder = into or profiles_folder()
    try:
        generated = definition_files(load_library())
    except KnowledgeError as error:
        raise TablesRefused(str(error)) from None
    said = differences(generated, read_profiles(folder))
    if only_check and said:
        raise TablesRefused("\n".join([*said, "`her2 profiles build` writes what is generated."]))
    if not only_check:
        write_profiles(folder, generated)
        for line in (line for line in said if line.endswith("not generated")):
            click.echo(f"{line}: remove it.")
    click.echo(f"{len(generated)} definitions in {folder} are as the tables say.")


def query_of(options: dict[str, str | bool | None]) -> dict[str, list[str]]:
    """Options as the query parameters of the web's door: `as_of` is `as-of`, a flag `true`."""
    return {
        name.replace("_", "-"): ["true" if value is True else str(value)]
        for name, value in options.items()
        if value not in (None, False)
    }


def posted_in(read: bytes) -> Any:
    """The resource in a file; an array becomes a Bundle whose entries keep their positions.

    Raises NotFhir, or TooLarge when the gzip holds more than LARGEST_FILE bytes.
    """
    value = decode(inflate(read, LARGEST_FILE) if read.startswith(MAGIC) else read)
    if not isinstance(value, list):
        return value
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": resource} for resource in value],
    }


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address; a name other than localhost may not be."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _print_json(value: Any) -> None:
    click.echo(encode(value))
