"""A condition as CQL: its tree printed node by node.

CQL's `and`, `or` and `not` are three-valued as ours are, so that a fact that nobody states leaves a
condition open there too. A number is compared by the functions of `cql_reading.py`, since of a fact
only a stretch may be known.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from service.core.condition import All, Always, Compared, Condition, Not, Sign, Some, Stated

#: The expression that a fact is in CQL: the name of its definition, or what a rule makes of it.
FactCql = Callable[[str], str]

_FUNCTIONS = {
    Sign.BELOW: "Below",
    Sign.AT_MOST: "At Most",
    Sign.ABOVE: "Above",
    Sign.AT_LEAST: "At Least",
    Sign.IS: "Is",
}


def cql_of(condition: Condition, fact_cql: FactCql) -> str:
    """The condition as one boolean expression of CQL, on one line.

    Raises TypeError for a condition that it does not know.
    """
    match condition:
        case Always():
            return "true"
        case Stated(fact):
            return fact_cql(fact)
        case Compared(fact, Sign.IS_NOT, value):
            return f"not {cql_of(Compared(fact, Sign.IS, value), fact_cql)}"
        case Compared(fact, sign, value):
            return f'"{_FUNCTIONS[sign]}"({fact_cql(fact)}, {_literal(value)})'
        case Not(part):
            return f"not {_bracketed(part, fact_cql)}"
        case All(parts):
            return " and ".join(_bracketed(part, fact_cql) for part in parts)
        case Some(parts):
            return " or ".join(_bracketed(part, fact_cql) for part in parts)
    raise TypeError(f"no CQL is known of {condition}")


def string(text: str) -> str:
    """A string of CQL."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def one_of(texts: list[str]) -> str:
    """A list of strings; CQL cannot tell of what an empty one is."""
    return f"{{ {', '.join(map(string, texts))} }}" if texts else "List<String>{}"


def _literal(value: Decimal | str) -> str:
    """A Decimal has a point: without it CQL would read an Integer."""
    if isinstance(value, str):
        return string(value)
    return f"{value}" if value % 1 else f"{value:.1f}"


def _bracketed(part: Condition, fact_cql: FactCql) -> str:
    said = cql_of(part, fact_cql)
    return f"({said})" if isinstance(part, All | Some) else said
