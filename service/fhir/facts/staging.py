"""Stage facts: T, N and M as stated in Observations and Condition.stage, and the tumour's size.

Facts follow regimens.md section 9: clinical categories are those at diagnosis, pathological
ones those of upfront surgery, and a `y` prefix is never read as either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from service.core.exposure import When
from service.core.facts import Stretch
from service.core.findings import Source, Standing
from service.core.measure import readable
from service.fhir.conditions import all_texts
from service.fhir.entries import Located
from service.fhir.facts.dates import first_of, period_of
from service.fhir.facts.record import PatientRecord
from service.fhir.facts.tnm import Category, categories, stage_group
from service.fhir.her2_observation import source_of, standing_of
from service.fhir.index import codings
from service.fhir.lab_words import as_list, concept_texts
from service.fhir.numbers_in_text import plain

_BY_NAME = {f"{p}{a} category": f"{p}{a.upper()}" for p in ("c", "p") for a in "tnm"}
_TNM_NAMES = {"tnm", "tnm stage", "tnm staging", "tnm category", "tnm classification"}
_IMAGED = ("imag", "ultraso", "mammogra", "mri", "magnetic", "tomogra", "clinical", "palpat")


@dataclass(frozen=True, slots=True)
class StatedCategory:
    """A category with its day and resource; `category.prefix` is settled from code and text."""

    category: Category
    when: When | None
    source: Source


@dataclass(frozen=True, slots=True)
class StatedGroup:
    """A stage group 0 to 4."""

    group: int
    when: When | None
    source: Source


@dataclass(frozen=True, slots=True)
class StatedSize:
    """A largest diameter in cm. surgical: no imaging or clinical method is named."""

    centimetres: Decimal
    when: When | None
    source: Source


@dataclass(frozen=True, slots=True)
class Staging:
    """Everything that the record says about stage."""

    categories: tuple[StatedCategory, ...]
    groups: tuple[StatedGroup, ...]
    sizes: tuple[StatedSize, ...]

    def of(self, prefix: str, axis: str) -> list[StatedCategory]:
        """The categories of one kind: `of("yp", "N")`."""
        return [
            s for s in self.categories if (s.category.prefix, s.category.axis) == (prefix, axis)
        ]


def read_staging(record: PatientRecord) -> Staging:
    """Final results and diagnoses of the record."""
    found: list[StatedCategory] = []
    groups: list[StatedGroup] = []
    sizes: list[StatedSize] = []
    for located in record.of_type("Observation"):
        if standing_of(located.resource.get("status")) not in (Standing.FINAL, Standing.AMENDED):
            continue
        when = observed(located)
        source = source_of(located)
        kinds = _kinds(located, record)
        texts = list(_values(located, record))
        found += [StatedCategory(c, when, source) for c in _categories(kinds, texts)]
        if {"clinical-stage", "pathological-stage"} & set(kinds):
            groups += [StatedGroup(g, when, source) for g in _groups(texts)]
        if {"tumour-size", "size-maximum"} & set(kinds):
            sizes += [StatedSize(c, when, source) for c in _sizes(located, record)]
    for diagnosis in record.diagnoses:
        if diagnosis.kind in ("invasive", "in-situ"):
            for kinds, texts in _stages(diagnosis.located):
                source = source_of(diagnosis.located)
                when = first_of(diagnosis.located.resource, "onsetDateTime", "recordedDate")
                found += [StatedCategory(c, when, source) for c in _categories(kinds, texts)]
                groups += [StatedGroup(g, when, source) for g in _groups(texts)]
    return Staging(tuple(found), tuple(groups), tuple(sizes))


def observed(located: Located) -> When | None:
    """The day of an Observation: effective, else issued."""
    start, end = period_of(located.resource, "effectivePeriod")
    day = first_of(located.resource, "effectiveDateTime", "effectiveInstant")
    return day or end or start or first_of(located.resource, "issued")


def _kinds(located: Located, record: PatientRecord) -> list[str]:
    """What the Observation is about: its code, else exactly `cT category` or `TNM`."""
    code = located.resource.get("code")
    names = {plain(t) for t in concept_texts(code)}
    return [
        *record.coder.concepts("staging", code),
        *(kind for name, kind in _BY_NAME.items() if name in names),
        *(["tnm"] if names & _TNM_NAMES else []),
    ]


def _values(located: Located, record: PatientRecord) -> Iterator[str]:
    """The words of the value: text, displays, codes of coded values."""
    resource = located.resource
    if isinstance(resource.get("valueString"), str):
        yield resource["valueString"]
    yield from _words(resource.get("valueCodeableConcept"))
    yield from record.coder.concepts("staging-value", resource.get("valueCodeableConcept"))


def _words(concept: object) -> Iterator[str]:
    yield from concept_texts(concept)
    for coding in codings(concept):
        code, system = coding.get("code"), str(coding.get("system"))
        if isinstance(code, str) and "snomed" not in system:
            yield code


def _categories(kinds: Sequence[str], texts: Iterable[str]) -> set[Category]:
    """Categories with a prefix as written, else from the code (`21905-5` is c, `21899-0` p)."""
    asked = {k[1]: k[0] for k in kinds if len(k) == 2}
    found: set[Category] = set()
    if not asked and not {"tnm", "clinical-stage", "pathological-stage"} & set(kinds):
        return found
    for text in texts:
        said = text.strip()
        bare = f"{next(iter(asked))}{said}" if len(asked) == 1 and said[:1].isdigit() else text
        for category in categories(bare):
            prefix = category.prefix or asked.get(category.axis, "")
            if category.prefix == "" and asked and category.axis not in asked:
                continue
            found.add(
                Category(prefix, category.axis, category.number, category.detail, category.cells)
            )
    return {c for c in found if c.prefix}


def _groups(texts: Iterable[str]) -> set[int]:
    return {g for t in texts if (g := stage_group(t)) is not None}


def _stages(located: Located) -> Iterator[tuple[list[str], list[str]]]:
    """Kinds and words of each Condition.stage."""
    for stage in as_list(located.resource.get("stage")):
        if isinstance(stage, dict):
            kind = all_texts(stage.get("type"))
            pathological = "pathol" in kind
            prefix = "p" if pathological else "c" if "clinical" in kind else ""
            kinds = [f"{prefix}{axis}" for axis in "TNM" if prefix]
            yield [*kinds, "tnm"], list(_words(stage.get("summary")))


def _sizes(located: Located, record: PatientRecord) -> Iterator[Decimal]:
    """Centimetres of a size that was measured on tissue, so far as its words say."""
    resource = located.resource
    said = f"{all_texts(resource.get('method'))} {all_texts(resource.get('code'))}"
    if any(word in said for word in _IMAGED):
        return
    parts = [resource] if "size-maximum" in _kinds(located, record) else []
    for part in as_list(resource.get("component")):
        about = part.get("code") if isinstance(part, dict) else None
        if "size-maximum" in record.coder.concepts("staging", about):
            parts.append(part)
    for part in parts:
        quantity = part.get("valueQuantity")
        if isinstance(quantity, dict) and not quantity.get("comparator"):
            size = _centimetres(quantity)
            if size is not None:
                yield size


def _centimetres(quantity: dict[str, object]) -> Decimal | None:
    """mm and cm only; a size of 0 or beyond 30 cm was not measured."""
    amount = quantity.get("value")
    unit = quantity.get("code") or quantity.get("unit")
    if (
        isinstance(amount, bool)
        or not isinstance(amount, int | Decimal)
        or unit not in ("mm", "cm")
    ):
        return None
    number = Decimal(amount)
    if not readable(number):
        return None
    size = number / 10 if unit == "mm" else number
    return size if 0 < size <= 30 else None


#: cm above `low` and up to `high` (AJCC 8); T4 gives no size.
STRETCHES = {
    "1mi": Stretch(Decimal("0"), Decimal("0.1")),
    "1a": Stretch(Decimal("0.1"), Decimal("0.5")),
    "1b": Stretch(Decimal("0.5"), Decimal("1.0")),
    "1c": Stretch(Decimal("1.0"), Decimal("2.0")),
    "1": Stretch(Decimal("0"), Decimal("2.0")),
    "2": Stretch(Decimal("2.0"), Decimal("5.0")),
    "3": Stretch(Decimal("5.0"), Decimal("30")),
}


def settled(stated: Sequence[StatedCategory], before: When | None) -> Category | None:
    """The one category that counts: the newest from before first treatment, else the newest.

    Undated values must agree with it, and values of one day with each other.
    """
    known = [s for s in stated if s.category.number is not None or s.category.in_situ]
    dated = [s for s in known if s.when]
    early = [s for s in dated if before and s.when and s.when.earliest <= before.latest]
    pool = early or dated
    newest = max((s.when.earliest for s in pool if s.when), default=None)
    chosen = {s.category for s in pool if s.when and s.when.earliest == newest}
    chosen |= {s.category for s in known if not s.when}
    return _one(chosen)


def _one(chosen: set[Category]) -> Category | None:
    """The single category, or the more detailed of those that agree in number."""
    numbers = {(c.number, c.in_situ) for c in chosen}
    if len(numbers) != 1:
        return None
    details = {c.detail for c in chosen if c.detail}
    if len(details) > 1:
        details = set()
    best = sorted(chosen, key=lambda c: (c.detail not in details, str(c)))[0]
    detail = best.detail if best.detail in details or best.in_situ else ""
    return Category(best.prefix, best.axis, best.number, detail, any(c.cells for c in chosen))
