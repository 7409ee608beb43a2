"""Conditions of the therapy tables: small boolean expressions over named facts.

`and`, `or`, `not`, a comparison of a fact with a number or a quoted letter, or the word `True`
alone. Read once into a tree, every name checked; evaluated three-valued (Kleene): true, false,
or not known. The tree is plain data, so that it can be printed in other languages.
"""

from __future__ import annotations

import ast
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from service.core.errors import KnowledgeError
from service.core.facts import FactKind, FactValue, Stretch

Known = Callable[[str], FactValue | None]

#: What a condition may be written with; whatever else is refused before it is read.
_WRITTEN = re.compile(r"""[A-Za-z0-9_ .()<>=!'",\[\]]*""")
_NUMBER = re.compile(r"\d+(\.\d+)?")
_LETTER = re.compile(r"[A-Za-z]+")
_LONGEST = 2000  # characters: far above any cell, far below what exhausts the reader


class Sign(StrEnum):
    """How a fact is compared."""

    BELOW = "<"
    AT_MOST = "<="
    ABOVE = ">"
    AT_LEAST = ">="
    IS = "=="
    IS_NOT = "!="


_SAID = {
    Sign.BELOW: "below",
    Sign.AT_MOST: "at most",
    Sign.ABOVE: "above",
    Sign.AT_LEAST: "at least",
    Sign.IS: "is",
    Sign.IS_NOT: "is not",
}
_SIGNS: Mapping[type[ast.cmpop], Sign] = {
    ast.Lt: Sign.BELOW,
    ast.LtE: Sign.AT_MOST,
    ast.Gt: Sign.ABOVE,
    ast.GtE: Sign.AT_LEAST,
    ast.Eq: Sign.IS,
    ast.NotEq: Sign.IS_NOT,
}


class Condition(ABC):
    """A tree of conditions; `str` writes it as it stands in a table."""

    __slots__ = ()

    @property
    def parts(self) -> tuple[Condition, ...]:
        """The conditions it is made of; none for a fact, a comparison and `True`."""
        return ()

    @abstractmethod
    def evaluate(self, known: Known) -> bool | None:
        """True, False, or None while the known facts leave it open.

        Raises TypeError when a fact is of another kind than the condition was read with.
        """

    def facts(self) -> tuple[str, ...]:
        """The names used, each once, in order."""
        return _once(name for part in self.parts for name in part.facts())

    def missing(self, known: Known) -> tuple[str, ...]:
        """The facts that still matter: those in parts that are not decided already.

        A fact of which too wide a stretch is known is missing too.
        """
        if self.evaluate(known) is not None:
            return ()
        if not self.parts:
            return self.facts()
        return _once(name for part in self.parts for name in part.missing(known))

    @abstractmethod
    def sentence(self, words: Mapping[str, str]) -> str:
        """The condition in plain English.

        words: fact -> its phrase, `not <fact>` -> the phrase of its denial; without one the
            fact's own name is said.
        """


@dataclass(frozen=True, slots=True)
class Always(Condition):
    """`True`: asks nothing."""

    def evaluate(self, known: Known) -> bool | None:
        return True

    def sentence(self, words: Mapping[str, str]) -> str:
        return "always"

    def __str__(self) -> str:
        return "True"


@dataclass(frozen=True, slots=True)
class Stated(Condition):
    """A fact that is a truth."""

    fact: str

    def evaluate(self, known: Known) -> bool | None:
        value = known(self.fact)
        if value is None or isinstance(value, bool):
            return value
        raise TypeError(f"the fact {self.fact} is a truth, not a {type(value).__name__}")

    def facts(self) -> tuple[str, ...]:
        return (self.fact,)

    def sentence(self, words: Mapping[str, str]) -> str:
        return words.get(self.fact, self.fact)

    def __str__(self) -> str:
        return self.fact


@dataclass(frozen=True, slots=True)
class Compared(Condition):
    """A fact against a number, or against a letter (`==` and `!=` only)."""

    fact: str
    sign: Sign
    value: Decimal | str

    def evaluate(self, known: Known) -> bool | None:
        value = known(self.fact)
        if value is None:
            return None
        if isinstance(self.value, str):
            if isinstance(value, str):
                if value.startswith("not ") and value != f"not {self.value}":
                    return None
                return (value == self.value) is (self.sign is Sign.IS)
        elif isinstance(value, Stretch):
            return _beside(value, self.sign, self.value)
        elif isinstance(value, int | Decimal) and not isinstance(value, bool):
            return _compared(Decimal(value), self.sign, self.value)
        raise TypeError(f"the fact {self.fact} cannot be compared as a {type(value).__name__}")

    def facts(self) -> tuple[str, ...]:
        return (self.fact,)

    def sentence(self, words: Mapping[str, str]) -> str:
        return f"{words.get(self.fact, self.fact)} {_SAID[self.sign]} {self.value}"

    def __str__(self) -> str:
        value = f"'{self.value}'" if isinstance(self.value, str) else self.value
        return f"{self.fact} {self.sign} {value}"


@dataclass(frozen=True, slots=True)
class Not(Condition):
    """The denial of a condition."""

    part: Condition

    @property
    def parts(self) -> tuple[Condition, ...]:
        return (self.part,)

    def evaluate(self, known: Known) -> bool | None:
        value = self.part.evaluate(known)
        return None if value is None else not value

    def sentence(self, words: Mapping[str, str]) -> str:
        if isinstance(self.part, Stated) and (denied := words.get(f"not {self.part.fact}")):
            return denied
        said = self.part.sentence(words)
        return f"not {said}" if isinstance(self.part, Stated) else f"not ({said})"

    def __str__(self) -> str:
        return f"not {_bracketed(self.part, str(self.part))}"


@dataclass(frozen=True, slots=True)
class _Joined(Condition):
    """Two or more conditions with one word between them."""

    joined: tuple[Condition, ...]

    def __post_init__(self) -> None:
        if len(self.joined) < 2:
            raise ValueError("two conditions at least are joined")

    @property
    def parts(self) -> tuple[Condition, ...]:
        return self.joined

    def _with(self, word: str, said: Iterable[str]) -> str:
        return f" {word} ".join(map(_bracketed, self.joined, said))


@dataclass(frozen=True, slots=True)
class All(_Joined):
    """`and`: false as soon as one part is false."""

    def evaluate(self, known: Known) -> bool | None:
        values = {part.evaluate(known) for part in self.joined}
        return False if False in values else None if None in values else True

    def sentence(self, words: Mapping[str, str]) -> str:
        return self._with("and", [part.sentence(words) for part in self.joined])

    def __str__(self) -> str:
        return self._with("and", map(str, self.joined))


@dataclass(frozen=True, slots=True)
class Some(_Joined):
    """`or`: true as soon as one part is true."""

    def evaluate(self, known: Known) -> bool | None:
        values = {part.evaluate(known) for part in self.joined}
        return True if True in values else None if None in values else False

    def sentence(self, words: Mapping[str, str]) -> str:
        return self._with("or", [part.sentence(words) for part in self.joined])

    def __str__(self) -> str:
        return self._with("or", map(str, self.joined))


def parse(text: str, kinds: Mapping[str, FactKind], place: str) -> Condition:
    """Read a condition; `kinds` are the facts there are, `place` is where the text stands.

    Raises KnowledgeError naming the place and what is wrong: it is never executed.
    """
    written = _WRITTEN.match(text)
    end = written.end() if written else 0
    if end < len(text):
        raise KnowledgeError(f"{place}: {text[end]!r} has no place in a condition")
    if len(text) > _LONGEST:
        raise KnowledgeError(f"{place}: a condition has {_LONGEST} characters at most")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise KnowledgeError(f"{place}: {text!r} is no condition") from error
    if isinstance(tree, ast.Constant) and tree.value is True:
        return Always()
    return _Reader(text.strip(), kinds, place).read(tree)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Python's tree to ours, refusing whatever is not listed here."""

    text: str
    kinds: Mapping[str, FactKind]
    place: str

    def read(self, node: ast.expr) -> Condition:
        if isinstance(node, ast.BoolOp):
            parts = tuple(self.read(value) for value in node.values)
            return All(parts) if isinstance(node.op, ast.And) else Some(parts)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return Not(self.read(node.operand))
        if isinstance(node, ast.Compare):
            return self._comparison(node)
        if isinstance(node, ast.Name):
            kind = self._kind(node.id)
            if kind is not FactKind.TRUTH:
                raise self._refused(f"{node.id} is a {kind}, not a truth: compare it")
            return Stated(node.id)
        raise self._refused(
            f"{self._said(node)!r} is neither a fact, a comparison nor and, or, not; "
            "True stands alone"
        )

    def _comparison(self, node: ast.Compare) -> Compared:
        if len(node.ops) > 1:
            raise self._refused(f"{self._said(node)!r} compares twice: join two with and")
        if not isinstance(node.left, ast.Name):
            raise self._refused(f"{self._said(node)!r} does not begin with a fact")
        fact, sign = node.left.id, _SIGNS.get(type(node.ops[0]))
        if sign is None:
            raise self._refused(f"{self._said(node)!r} compares with none of {' '.join(Sign)}")
        kind, value = self._kind(fact), self._value(node.comparators[0])
        if kind is FactKind.TRUTH:
            raise self._refused(f"{fact} is a truth: it is not compared")
        if isinstance(value, str) is not (kind is FactKind.LETTER):
            raise self._refused(f"{fact} is a {kind}, not to be compared with {value!s}")
        if isinstance(value, str) and sign not in (Sign.IS, Sign.IS_NOT):
            raise self._refused(f"{fact} is a letter: it is compared with == or !=")
        if kind is FactKind.COUNT and value != int(value):
            raise self._refused(f"{fact} is a count, and {value} is none")
        return Compared(fact, sign, value)

    def _value(self, node: ast.expr) -> Decimal | str:
        said = self._said(node)
        if isinstance(node, ast.Constant):
            if isinstance(node.value, str) and _LETTER.fullmatch(node.value):
                return node.value
            if _NUMBER.fullmatch(said):
                return Decimal(said)
        raise self._refused(f"{said!r} is neither a number such as 2.0 nor a quoted letter")

    def _kind(self, fact: str) -> FactKind:
        if fact not in self.kinds:
            raise self._refused(f"there is no fact {fact!r}")
        return self.kinds[fact]

    def _said(self, node: ast.expr) -> str:
        return ast.get_source_segment(self.text, node) or ""

    def _refused(self, why: str) -> KnowledgeError:
        return KnowledgeError(f"{self.place}: {why}")


def _compared(value: Decimal, sign: Sign, with_: Decimal) -> bool:
    match sign:
        case Sign.BELOW:
            return value < with_
        case Sign.AT_MOST:
            return value <= with_
        case Sign.ABOVE:
            return value > with_
        case Sign.AT_LEAST:
            return value >= with_
        case Sign.IS:
            return value == with_
        case Sign.IS_NOT:
            return value != with_


def _beside(value: Stretch, sign: Sign, with_: Decimal) -> bool | None:
    """The comparison when it is the same for every number of the stretch."""
    below, there, above = value.sides_of(with_)
    match sign:
        case Sign.BELOW | Sign.AT_LEAST:
            said = _all_or_none(below, there or above)
            return said if sign is Sign.BELOW or said is None else not said
        case Sign.ABOVE | Sign.AT_MOST:
            said = _all_or_none(above, there or below)
            return said if sign is Sign.ABOVE or said is None else not said
        case Sign.IS | Sign.IS_NOT:
            return None if there else sign is Sign.IS_NOT


def _all_or_none(fits: bool, fails: bool) -> bool | None:
    """True when only fitting values may be there, False when only others, None when both."""
    return None if fits and fails else fits


def _bracketed(part: Condition, said: str) -> str:
    return f"({said})" if isinstance(part, _Joined) else said


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
