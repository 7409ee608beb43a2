"""`allergens.csv`: to what a patient may be hypersensitive, for each drug of a regimen (B19)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from importlib.resources.abc import Traversable

from service.core.blocker import Allergen
from service.knowledge.therapy_line import lines_of


def read_allergens(file: Traversable, drugs: Collection[str]) -> tuple[Allergen, ...]:
    """The allergens of every drug, which must be known."""
    read: list[Allergen] = []
    columns = ("drug", "allergen", "names", "source", "verification")
    for line in lines_of(file, columns, twice=True):
        if line["drug"] not in drugs:
            raise line.refused("drug", f"{line['drug']} is not known")
        if any((r.drug, r.allergen) == (line["drug"], line["allergen"]) for r in read):
            raise line.refused("allergen", f"{line['allergen']} stands twice")
        names = line.listed("names")
        if capital := [name for name in names if name != name.casefold()]:
            raise line.refused("names", f"{capital[0]!r} is not written in small letters")
        read.append(
            Allergen(line["drug"], line["allergen"], names, line["source"], line["verification"])
        )
    return tuple(read)


def without_itself(allergens: Sequence[Allergen], drugs: Iterable[str]) -> Iterable[str]:
    """Every drug that a rule can give is an allergen of itself."""
    said = {(a.drug, a.allergen) for a in allergens}
    yield from (f"allergens.csv: no line says {d} of {d}" for d in drugs if (d, d) not in said)
