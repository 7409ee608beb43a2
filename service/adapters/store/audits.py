"""The audit log as SQL: one row, a search, and all rows a page at a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Text, and_, cast, false, func, or_, select, true

from service.adapters.store.rows import audit_of, microseconds
from service.adapters.store.search_times import covers
from service.adapters.store.tables import audit
from service.core.audit import PRUNE, PURGE, Audit
from service.fhir.audit_event import INTERACTION
from service.usecases.record.audit_query import AuditQuery, Audits
from service.usecases.record.query import Clause, Time, Token, Value, Wanted

#: Rows that are read at a time when all of the log is.
AT_ONCE = 1000
Condition = ColumnElement[bool]

#: Parameters that compare a code: its column, and the system that FHIR gives the code.
_CODES = {
    "action": (audit.c.action, "http://hl7.org/fhir/audit-event-action"),
    "outcome": (cast(audit.c.outcome, Text), "http://hl7.org/fhir/audit-event-outcome"),
    "subtype": (audit.c.interaction, INTERACTION),
    "code": (audit.c.interaction, INTERACTION),
}


def one(connection: Connection, id: str) -> Audit | None:
    """The row of an id."""
    row = connection.execute(select(audit).where(audit.c.id == id)).one_or_none()
    return audit_of(row) if row else None


def found(connection: Connection, query: AuditQuery) -> Audits:
    """What meets a query, newest or oldest first; rows of one time in the order they were told."""
    met = [_met(clause) for clause in query.clauses]
    total = connection.execute(select(func.count()).select_from(audit).where(*met)).scalar_one()
    if not query.count:
        return Audits((), total)
    order = (audit.c.recorded, audit.c.seq)
    page = select(audit).where(*met).limit(query.count).offset(query.offset)
    page = page.order_by(*(order if query.oldest_first else (column.desc() for column in order)))
    return Audits([audit_of(row) for row in connection.execute(page)], total)


def log(connection: Connection, since: datetime | None) -> Iterator[Audit]:
    """Every row recorded at or after a time, in the order they were told; few are held at once."""
    last = 0
    while True:
        wanted = select(audit).where(audit.c.seq > last).order_by(audit.c.seq).limit(AT_ONCE)
        if since:
            wanted = wanted.where(audit.c.recorded >= microseconds(since))
        rows = connection.execute(wanted).all()
        yield from map(audit_of, rows)
        if len(rows) < AT_ONCE:
            return
        last = rows[-1].seq


def pruned_until(connection: Connection) -> str:
    """Until when all that once stood is no longer known, as the newest prune told; empty: never."""
    told = select(func.max(audit.c.target)).where(
        audit.c.interaction == PRUNE, audit.c.type == "", audit.c.action == "D"
    )
    return connection.execute(told).scalar_one() or ""


def _met(clause: Clause) -> Condition:
    name = clause.names[0]
    if clause.any_of:
        met = or_(*(_alike(name, wanted) for wanted in clause.any_of))
    else:  # any value does: a prune and what is in nobody's record have no patient
        met = audit.c.patient != "" if name == "patient" else true()
    return ~met if clause.negated else met


def _alike(name: str, wanted: Wanted) -> Condition:
    match wanted:
        case Time():
            return covers(wanted, audit.c.recorded, audit.c.recorded)
        case Token() if name in _CODES:
            return _coded(name, wanted)
        case Token() if name == "entity:identifier":
            asked = wanted.code == "" or wanted.system
            request = false() if asked else audit.c.request == wanted.code
            return or_(request, _identified(wanted))
        case Token():
            return _identified(wanted)
        case Value() if name == "patient":
            return audit.c.patient == wanted.value
        case Value() if name == "entity":
            kind, _, id = wanted.value.partition("/")
            resource = and_(audit.c.type == kind, audit.c.target == id)
            return or_(resource, audit.c.patient == wanted.value)
        case Value():
            return audit.c.id == wanted.value
    raise ValueError(f"{name} is not searched in the audit log")


def _coded(name: str, wanted: Token) -> Condition:
    column, system = _CODES[name]
    if wanted.system not in (None, system):
        return false()
    if not wanted.code:
        return true()
    if column is audit.c.interaction and wanted.code == "operation":
        return column == PURGE
    return func.lower(column) == wanted.code


def _identified(wanted: Token) -> Condition:
    """The key of a patient of whom an identifier alone is known: `identifier|system|value`."""
    if wanted.system is not None and wanted.code:
        return audit.c.patient == f"identifier|{wanted.system}|{wanted.code}"
    if wanted.system is not None:
        return audit.c.patient.startswith(f"identifier|{wanted.system}|", autoescape=True)
    known = audit.c.patient.startswith("identifier|", autoescape=True)
    return and_(known, audit.c.patient.endswith(f"|{wanted.code}", autoescape=True))
