"""A page of what a search of the record found, with what is to come besides."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from service.fhir.search_values import search_values, ways_of
from service.fhir.searchset import Page
from service.fhir.subset import only, summarised
from service.knowledge.search_parameters import shipped_search
from service.usecases.record.asked import Asked
from service.usecases.record.asked_form import Form, Include
from service.usecases.record.port import Found, Reader, Version
from service.usecases.record.query import Clause, Query, Value
from service.usecases.record.stored import as_resource
from service.usecases.search import query_string

Resource = dict[str, Any]
_LOCAL = re.compile(r"([A-Z][A-Za-z]+)/[A-Za-z0-9.-]{1,64}")
#: Resources that refer to the matches are read so many at a time.
_AT_ONCE = 500


def listing(asked: Asked, reader: Reader) -> Page:
    """The matches, what their references lead to, and the pages beside."""
    found = reader.find(asked.query)
    release, form = asked.query.release, asked.form
    matches = [as_resource(version, release) for version in found.versions]
    besides = {v.reference: v for v in _besides(asked, matches, reader)}
    for version in found.versions:
        besides.pop(version.reference, None)
    included = [as_resource(version, release) for version in besides.values()]
    this, following, before = _links(asked, found)
    return Page(
        total=found.total if form.total or form.counted_only else None,
        resources=tuple(_cut(matches, asked)),
        query=this,
        next=following,
        previous=before,
        ignored=asked.ignored,
        included=tuple(_cut(included, asked)),
    )


def _besides(asked: Asked, matches: Sequence[Resource], reader: Reader) -> Iterator[Version]:
    """What the matches refer to and what refers to them, of the version that is served."""
    if not matches:
        return
    wanted: dict[str, None] = {}
    for include in asked.form.included:
        for match in matches:
            wanted |= dict.fromkeys(_targets(match, include))
    for version in reader.by_ids(wanted) if wanted else ():
        if version.derived or version.release is asked.query.release:
            yield version
    references = tuple(Value(f"{m['resourceType']}/{m['id']}") for m in matches)
    for include in asked.form.reverse:
        query = Query(
            include.source,
            asked.query.release,
            (Clause((include.parameter.name,), references),),
            count=_AT_ONCE,
        )
        yield from _all(query, reader)


def _targets(match: Resource, include: Include) -> Iterable[str]:
    """`Type/id` of what a parameter of the match refers to here."""
    for found in search_values(match, ways_of([include.parameter])):
        local = _LOCAL.fullmatch(found.value or "")
        if local and found.name == include.parameter.name and include.target in ("", local[1]):
            yield local[0]


def _all(query: Query, reader: Reader) -> Iterator[Version]:
    more = True
    while more:
        found = reader.find(query)
        yield from found.versions
        more = found.more
        query = replace(query, offset=query.offset + query.count)


def _cut(resources: Iterable[Resource], asked: Asked) -> Iterator[Resource]:
    """The resources in the form that was asked for; `_summary` goes before `_elements`."""
    form, known = asked.form, shipped_search()[asked.query.release].elements
    for resource in resources:
        elements = known[resource["resourceType"]]
        if form.elements and form.summary == "false":
            yield only(resource, form.elements, elements)
        else:
            yield summarised(resource, form.summary, elements)


def _links(asked: Asked, found: Found) -> tuple[str, str | None, str | None]:
    """The queries of this page, the next and the previous one; None where there is none."""
    form: Form = asked.form
    if form.counted_only:
        return _page(asked, 0), None, None
    following = _page(asked, form.offset + form.count) if found.more else None
    before = _page(asked, max(0, form.offset - form.count)) if form.offset else None
    return _page(asked, form.offset), following, before


def _page(asked: Asked, offset: int) -> str:
    paging = [("_count", str(asked.form.count))]
    if offset:
        paging.append(("_offset", str(offset)))
    return query_string([*asked.used, *paging])
