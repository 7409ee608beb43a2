"""A search of the record as a caller writes it: read whole, with every fault told at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs

from service.core.errors import Fault, NotFhir
from service.fhir.version import FhirVersion
from service.knowledge.search_parameters import shipped_search
from service.usecases.record.asked_form import RESULT_PARAMETERS, Form, form_of
from service.usecases.record.asked_values import (
    Scope,
    UnknownModifier,
    UnknownParameter,
    clause_of,
)
from service.usecases.record.query import Clause, Query
from service.usecases.search import unknown_parameter

#: Conditions and values in one search: planning a statement of many more takes PostgreSQL seconds,
#: and SQLite reads it no more.
MOST_CONDITIONS = 50
MOST_VALUES = 300
#: About the form of the answer's text; they say nothing of what is searched.
_ABOUT_FORM = ("_format", "_pretty")

Sent = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A search that can be answered.

    used: the caller's parameters that were heard, without paging. ignored: those that were not,
    since the caller is lenient.
    """

    query: Query
    form: Form
    used: tuple[tuple[str, str], ...]
    ignored: tuple[str, ...]


def scope_of(kind: str, release: FhirVersion, own: str) -> Scope:
    """What a type can be searched by. own: our base as the caller addresses it."""
    return Scope(kind, shipped_search()[release], own)


def read_asked(
    kind: str, release: FhirVersion, sent: Sent, own: str, lenient: bool = False
) -> Asked:
    """The parameters of a search. Repeated ones are `and`, commas are `or`.

    Raises NotFhir with every fault: an unknown parameter (unless lenient, when it is ignored and
    told), a modifier or a value that cannot be read, more values than one search may have.
    """
    scope = scope_of(kind, release, own)
    faults: list[Fault] = []
    form = form_of(sent, scope, faults)
    clauses, ignored = _clauses(sent, scope, lenient, faults)
    if faults:
        raise NotFhir(*faults)
    query = Query(
        kind,
        release,
        clauses,
        form.sort,
        0 if form.counted_only else form.count,
        form.offset,
        form.total or form.counted_only,
    )
    left_out = ("_count", "_offset", *ignored)
    used = ((key, value) for key, values in sent.items() if key not in left_out for value in values)
    return Asked(query, form, tuple(used), ignored)


def criteria(kind: str, release: FhirVersion, text: str, own: str) -> Query:
    """The query of a conditional request, `identifier=system|value`: a page of two tells none,
    one and many apart.

    Raises NotFhir when it says nothing, or anything that is no search parameter.
    """
    try:
        sent = parse_qs(text, keep_blank_values=True, max_num_fields=MOST_VALUES)
    except ValueError:
        raise NotFhir(_too_many()) from None
    scope = scope_of(kind, release, own)
    faults: list[Fault] = []
    said = {key: values for key, values in sent.items() if key not in _ABOUT_FORM}
    clauses, _ = _clauses(said, scope, False, faults, results=())
    if not faults and not clauses:
        text = "The condition names no search parameter: say which resource is meant."
        faults.append(Fault("required", text))
    if faults:
        raise NotFhir(*faults)
    return Query(kind, release, clauses, count=2)


def _clauses(
    sent: Sent,
    scope: Scope,
    lenient: bool,
    faults: list[Fault],
    results: Sequence[str] = RESULT_PARAMETERS,
) -> tuple[tuple[Clause, ...], tuple[str, ...]]:
    """What must be met, and the parameters that were ignored.

    results: parameters that are read elsewhere.
    """
    clauses: list[Clause] = []
    ignored: list[str] = []
    searched = [(key, value) for key, values in sent.items() for value in values]
    for key, value in searched:
        if key in results:
            continue
        try:
            clauses.append(clause_of(key, value, scope))
        except UnknownParameter:
            ignored.append(key)
            if not lenient:
                faults.append(unknown_parameter(key, (*sorted(scope.parameters), *results)))
        except UnknownModifier:
            faults.append(Fault("not-supported", f"The modifier of {key!r} is not supported."))
        except ValueError as error:
            faults.append(Fault("value", f"The search parameter {key!r} {error}."))
    values = sum(1 + value.count(",") for _, value in searched)
    if len(clauses) > MOST_CONDITIONS or values > MOST_VALUES:
        faults.append(_too_many())
    return tuple(clauses), tuple(dict.fromkeys(ignored))


def _too_many() -> Fault:
    return Fault(
        "too-costly", f"A search has at most {MOST_CONDITIONS} parameters and {MOST_VALUES} values."
    )
