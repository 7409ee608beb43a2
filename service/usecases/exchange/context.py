"""The rest of a patient's record, read from the source: what a plan rests on beside HER2."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from service.core.errors import ServerAway, ServerRefused
from service.usecases.exchange.offered import offered
from service.usecases.exchange.server import Resource, Server
from service.usecases.exchange.source import Source
from service.usecases.record.along import Missing
from service.usecases.record.kept import EVIDENCE
from service.usecases.record.links import local, references_in

#: Resources of a page; a server may give fewer.
PAGE = "200"
#: Resources without a subject (a Specimen, say) that are read because others refer to them.
REFERRED = 50
#: Resources that are believed to be all, when they were found by what they refer to.
TOGETHER = 500


@dataclass(slots=True)
class Context:
    """found: `Type/id` at the source -> resource. missing: what could not be read. whole: the types
    of which all was read, so that what is not among `found` is not the patient's any more."""

    found: dict[str, Resource] = field(default_factory=dict)
    missing: list[Missing] = field(default_factory=list)
    whole: set[str] = field(default_factory=set)


def read_context(id: str, source: Source, server: Server) -> Context:
    """Everything of the kept types that the source has of its Patient of this id.

    Never fails: what could not be read is told in `missing`.
    """
    context = Context()
    try:
        known = offered(server)
    except ServerAway as away:
        context.missing = [Missing("the patient's record", str(away), transient=True)]
        return context
    except ServerRefused:
        known = {}  # it does not say what it has: it is asked for each
    wanted = [kind for kind in EVIDENCE if kind in source.types]
    lacking = [kind for kind in wanted if known and kind not in known]
    said = "the server does not have it"
    context.missing = [Missing(kind, said, transient=False) for kind in lacking]
    wanted = [kind for kind in wanted if kind not in lacking]
    if _read_together(wanted, id, server, known, context):
        return context
    for kind in wanted:
        try:
            _read(kind, id, server, context)
        except ServerRefused as refused:
            context.missing.append(Missing(kind, str(refused), transient=False))
        except ServerAway as away:
            context.missing.append(Missing(kind, str(away), transient=True))
            return context  # the others would only wait as long
    return context


def _read_together(
    kinds: Sequence[str],
    id: str,
    server: Server,
    known: Mapping[str, Mapping[str, Any]],
    context: Context,
) -> bool:
    """The Patient and all that refers to him in one search, where the server says that it can.

    False where it has to be asked for each type: servers leave out included resources above a
    number of their own without a word (HAPI: 1,000 a page).
    """
    backward = known.get("Patient", {}).get("searchRevInclude") or []
    others = [kind for kind in kinds if kind != "Patient"]
    if "Patient" not in kinds or not all(f"{kind}:patient" in backward for kind in others):
        return False
    asked = [("_id", id), *(("_revinclude", f"{kind}:patient") for kind in others)]
    try:
        searched = server.search("Patient", asked)
    except (ServerRefused, ServerAway):
        return False
    found = [r for r in searched.resources if r.get("resourceType") in kinds]
    there = any(r["resourceType"] == "Patient" and r.get("id") == id for r in found)
    if not (there and searched.complete) or len(found) > TOGETHER:
        return False
    _add(found, context)
    context.whole |= set(others)
    return True


def _read(kind: str, id: str, server: Server, context: Context) -> None:
    if kind == "Patient":
        patient = server.read(kind, id)
        if patient is None:
            context.missing.append(Missing(kind, "it is not there", transient=False))
        else:
            _add([patient], context)
        return
    searched = server.search(kind, [("patient", f"Patient/{id}"), ("_count", PAGE)])
    _add((r for r in searched.resources if r.get("resourceType") == kind), context)
    if searched.complete:
        context.whole.add(kind)
    else:
        said = f"there is more than the {len(searched.resources)} that are read"
        context.missing.append(Missing(kind, said, transient=False))


def read_referred(
    context: Context, others: Iterable[Resource], source: Source, server: Server
) -> None:
    """What these and the context refer to and is in nobody's record at the source."""
    todo = [*others, *context.found.values()]
    known = set(context.found) | {f"{r['resourceType']}/{r.get('id')}" for r in others}
    for _ in range(REFERRED):
        if not todo:
            return
        for reference in references_in(todo.pop()):
            named = local(reference.removeprefix(f"{source.at.base}/"))
            kind, _, id = named.partition("/")
            if named in known or kind not in source.types or kind == "Patient":
                continue
            known.add(named)
            try:
                resource = server.read(kind, id)
            except ServerRefused as refused:
                context.missing.append(Missing(kind, str(refused), transient=False))
                continue
            except ServerAway as away:
                context.missing.append(Missing(kind, str(away), transient=True))
                return
            if resource is not None:
                _add([resource], context)
                todo.append(resource)


def _add(resources: Iterable[Resource], context: Context) -> None:
    for resource in resources:
        if isinstance(resource.get("id"), str) and isinstance(resource.get("resourceType"), str):
            context.found[f"{resource['resourceType']}/{resource['id']}"] = resource
