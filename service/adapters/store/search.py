"""A query as SQL: which resources meet it, by their search values."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    exists,
    false,
    func,
    or_,
    select,
)
from sqlalchemy.sql.expression import FromClause

from service.adapters.store.search_times import covers
from service.adapters.store.tables import resource, search_value
from service.core.search_parameter import SearchKind
from service.usecases.record.query import (
    ID,
    LAST_UPDATED,
    Chained,
    Clause,
    Part,
    Query,
    Sort,
    Start,
    Time,
    Token,
    Value,
    Wanted,
)

Condition = ColumnElement[bool]
#: Greater than every letter that a value can go on with.
_LAST = "\U0010ffff"


def found(connection: Connection, query: Query) -> tuple[list[int], int | None, bool]:
    """The keys of the page in order, how many there are (None: not asked), whether more follow."""
    all_of_them = meeting(query)
    total = None
    if query.total:
        total = connection.execute(
            select(func.count()).select_from(all_of_them.subquery())
        ).scalar_one()
    if not query.count:
        return [], total, False
    page = all_of_them.order_by(*(_order(sort) for sort in query.sort), resource.c.pk)
    page = page.limit(query.count + 1).offset(query.offset)
    keys = [row.pk for row in connection.execute(page)]
    return keys[: query.count], total, len(keys) > query.count


def meeting(query: Query) -> Select[tuple[int]]:
    """The keys of all resources that meet it, in no order."""
    return select(resource.c.pk).where(
        *_of_type(query.type, resource, query.clauses),
        resource.c.deleted.is_(False),
        or_(resource.c.derived, resource.c.release == str(query.release)),
        *(_met(clause, query.type, resource) for clause in query.clauses),
    )


def _of_type(kind: str, owner: FromClause, clauses: Iterable[Clause]) -> list[Condition]:
    """Nothing where the values that are looked for are of the type already: SQLite would go
    through all resources of the type instead of those that have the values."""
    by_value = (c.names not in ((ID,), (LAST_UPDATED,)) and not c.negated for c in clauses)
    return [] if any(by_value) else [owner.c.type == kind]


def _met(clause: Clause, kind: str, owner: FromClause) -> Condition:
    """owner: the resource, or an alias of it, that must meet the clause."""
    met: Condition
    if clause.names == (ID,):
        met = owner.c.id.in_([w.value for w in clause.any_of if isinstance(w, Value)])
    elif clause.names == (LAST_UPDATED,):
        times = [w for w in clause.any_of if isinstance(w, Time)]
        met = or_(false(), *(covers(t, owner.c.updated, owner.c.updated) for t in times))
    else:
        return _by_value(clause, kind, owner)
    return ~met if clause.negated else met


def _by_value(clause: Clause, kind: str, owner: FromClause) -> Condition:
    """By the index of values where something is looked for, by the resource's own where not."""
    value = search_value.alias()
    conditions: list[Condition] = [value.c.name.in_(clause.names)]
    if clause.any_of:
        conditions.append(or_(*_wanted(clause.any_of, value)))
    if clause.negated:
        # Without the type, which would lead SQLite through all values of the name each time.
        return ~exists().where(value.c.resource == owner.c.pk, *conditions)
    return owner.c.pk.in_(select(value.c.resource).where(value.c.type == kind, *conditions))


def _wanted(alternatives: Iterable[Wanted], value: FromClause) -> list[Condition]:
    """One condition for all values of a kind, so that a long list stays a shallow statement."""
    whole: list[str] = []
    codes: dict[str | None, list[str]] = {}
    conditions: list[Condition] = []
    for wanted in alternatives:
        match wanted:
            case Value():
                whole.append(wanted.value)
            case Token(None, code):
                whole.append(code)
            case Token(system, code):
                codes.setdefault(system, []).append(code)
            case Start(start):
                # Not BETWEEN, which PostgreSQL does not let be collated.
                conditions.append(and_(value.c.value >= start, value.c.value <= start + _LAST))
            case Part():
                conditions.append(value.c.value.contains(wanted.value, autoescape=True))
            case Time():
                conditions.append(covers(wanted, value.c.low, value.c.high))
            case Chained():
                conditions.append(_leads_to(wanted, value))
    if whole:
        conditions.append(value.c.value.in_(whole))
    for system, listed in codes.items():
        of_system = value.c.system == system if system else value.c.system.is_(None)
        any_code = "" in listed
        conditions.append(of_system if any_code else and_(of_system, value.c.value.in_(listed)))
    return conditions


def _leads_to(chained: Chained, value: FromClause) -> Condition:
    """The reference is to a resource that meets the clause."""
    target = resource.alias()
    return value.c.value.in_(
        select(chained.type + "/" + target.c.id).where(
            *_of_type(chained.type, target, [chained.clause]),
            target.c.deleted.is_(False),
            _met(chained.clause, chained.type, target),
        )
    )


def _order(sort: Sort) -> ColumnElement[object]:
    key: ColumnElement[object]
    if sort.name == ID:
        key = resource.c.id
    elif sort.name == LAST_UPDATED:
        key = resource.c.updated
    else:
        first, last = _ends(sort.kind)
        best = func.max(last) if sort.descending else func.min(first)
        key = (
            select(best)
            .where(search_value.c.resource == resource.c.pk, search_value.c.name == sort.name)
            .scalar_subquery()
        )
    return (key.desc() if sort.descending else key.asc()).nulls_last()


def _ends(kind: SearchKind) -> tuple[ColumnElement[object], ColumnElement[object]]:
    """What ascending and what descending order looks at; an open period by its other end."""
    low, high = search_value.c.low, search_value.c.high
    if kind is SearchKind.DATE:
        return func.coalesce(low, high), func.coalesce(high, low)
    return search_value.c.value, search_value.c.value
