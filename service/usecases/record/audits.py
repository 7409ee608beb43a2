"""The audit log as it is read: one AuditEvent, a search, or all of it in the order it was told.

What is audited is what changed the record: each create, update and delete, a `$purge` and a prune,
in the transaction of the change itself, so that neither is there without the other. A refused
change (outcome 4 or 8) is not: it left the record as it was, so that there is nothing to trace; the
request's log line has its status, address and id; and a caller who is refused, or a broken one that
tries for ever, could otherwise fill a table that is never pruned. Nor are reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from service.core.audit import Audit
from service.core.errors import Fault, NotFhir, NotFound
from service.core.search_parameter import Searchable, SearchKind, SearchParameter
from service.fhir.audit_event import OUTCOMES_IN_R5, SEVERITY, Resource, audit_event
from service.fhir.searchset import Page
from service.fhir.systems import Systems
from service.fhir.version import FhirVersion
from service.usecases.record.asked_values import (
    Scope,
    UnknownModifier,
    UnknownParameter,
    clause_of,
)
from service.usecases.record.audit_query import AuditQuery
from service.usecases.record.kept import KEPT
from service.usecases.record.port import Reader
from service.usecases.record.query import Clause, Token
from service.usecases.search import (
    DEFAULT_COUNT,
    MOST_COUNT,
    PAGING,
    number_in,
    query_string,
    unknown_parameter,
)

_SORTS = {"date": True, "_lastUpdated": True, "-date": False, "-_lastUpdated": False}


def _parameters(release: FhirVersion) -> dict[str, SearchParameter]:
    """R4's `subtype` is R5's `code`, and its outcome 0 is `success` there."""
    r5 = release is FhirVersion.R5
    interaction, done = ("code", OUTCOMES_IN_R5[0]) if r5 else ("subtype", "0")
    listed = (
        ("_id", SearchKind.IDENTIFIER, (), "Its logical id"),
        ("_lastUpdated", SearchKind.DATE, (), "When it was recorded"),
        ("date", SearchKind.DATE, (), "When it was recorded"),
        ("patient", SearchKind.REFERENCE, ("Patient",), "In whose record the change was"),
        ("entity", SearchKind.REFERENCE, KEPT, "What was changed; :identifier is X-Request-Id"),
        ("action", SearchKind.TOKEN, (), "C, U or D"),
        (interaction, SearchKind.TOKEN, (), "create, update, delete or operation"),
        ("outcome", SearchKind.TOKEN, (), f"{done}: it was done"),
    )
    return {
        name: SearchParameter(name, kind, (), targets, said) for name, kind, targets, said in listed
    }


#: What AuditEvents can be searched by.
PARAMETERS: Mapping[FhirVersion, Mapping[str, SearchParameter]] = {
    release: _parameters(release) for release in FhirVersion
}


@dataclass(frozen=True, slots=True)
class AskedAudits:
    """A search that can be answered. used: what was heard of the caller's parameters, without
    paging; ignored: what was not, since the caller is lenient."""

    query: AuditQuery
    used: tuple[tuple[str, str], ...]
    ignored: tuple[str, ...]


def read_asked_audits(
    sent: Mapping[str, Sequence[str]], release: FhirVersion, own: str, lenient: bool
) -> AskedAudits:
    """The parameters of a search: repeated ones are `and`, commas are `or`.

    own: our base as the caller addresses it. Raises NotFhir with every fault.
    """
    scope = Scope("AuditEvent", Searchable({"AuditEvent": PARAMETERS[release]}, {}), own)
    known = (*PARAMETERS[release], *PAGING, "_sort")
    faults: list[Fault] = []
    clauses: list[Clause] = []
    used: list[tuple[str, str]] = []
    ignored: dict[str, None] = {}
    for key, value in ((k, v) for k, values in sent.items() for v in values):
        if key in PAGING:
            continue
        try:
            if key == "_sort":
                _oldest_first([value])
            else:
                clauses.append(_as_kept(clause_of(key, value, scope), release))
            used.append((key, value))
        except UnknownParameter:
            ignored[key] = None
            if not lenient:
                faults.append(unknown_parameter(key, known))
        except UnknownModifier:
            faults.append(Fault("not-supported", f"The modifier of {key!r} is not supported."))
        except ValueError as error:
            faults.append(Fault("value", f"The search parameter {key!r} {error}."))
    count = number_in(sent, "_count", faults)
    offset = number_in(sent, "_offset", faults) or 0
    if faults:
        raise NotFhir(*faults)
    size = DEFAULT_COUNT if count is None else min(count, MOST_COUNT)
    query = AuditQuery(tuple(clauses), size, offset, _oldest_first(sent.get("_sort", ())))
    return AskedAudits(query, tuple(used), tuple(ignored))


def _as_kept(clause: Clause, release: FhirVersion) -> Clause:
    """R5's words for an outcome as R4's numbers, which are kept."""
    if release is not FhirVersion.R5 or clause.names != ("outcome",):
        return clause
    numbers = {word: str(number) for number, word in OUTCOMES_IN_R5.items()}
    tokens = [wanted for wanted in clause.any_of if isinstance(wanted, Token)]
    return replace(
        clause,
        any_of=tuple(
            Token(None if t.system == SEVERITY else t.system, numbers.get(t.code, t.code))
            for t in tokens
        ),
    )


def _oldest_first(said: Sequence[str]) -> bool:
    if not said:
        return False
    if said[-1] not in _SORTS:
        raise ValueError(f"must be one of {', '.join(_SORTS)}")
    return _SORTS[said[-1]]


def audit_page(asked: AskedAudits, reader: Reader, systems: Systems, release: FhirVersion) -> Page:
    """The AuditEvents of the page, with the pages beside it."""
    query = asked.query
    found = reader.audits(query)

    def link(start: int) -> str:
        paging = [("_count", str(query.count)), ("_offset", str(start))]
        return query_string([*asked.used, *(paging if start else paging[:1])])

    more = query.count and query.offset + query.count < found.total
    return Page(
        total=found.total,
        resources=tuple(audit_event(told, systems, release) for told in found.page),
        query=link(query.offset),
        next=link(query.offset + query.count) if more else None,
        previous=link(max(0, query.offset - query.count)) if query.offset and query.count else None,
        ignored=asked.ignored,
    )


def one_audit(id: str, reader: Reader) -> Audit:
    """NotFound when there is none of this id."""
    if told := reader.audit(id):
        return told
    raise NotFound(Fault("not-found", "There is no AuditEvent with this id."))


def audit_events(
    reader: Reader, since: datetime | None, systems: Systems, release: FhirVersion
) -> Iterator[Resource]:
    """All of the log from a time on, in the order in which it was told."""
    for told in reader.audit_log(since):
        yield audit_event(told, systems, release)
