"""Read the drug records: one YAML file a drug, checked whole before the service starts.

The form of a file, and the rule for facts that were not verified, is in `drug_schema`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import yaml
from marshmallow import ValidationError

from service.core.drug import Drug
from service.core.drug_facts import Authorisation, Scope
from service.core.errors import KnowledgeError
from service.knowledge.drug_schema import DrugSchema

#: Relations that hold in both directions and are written in both files.
_MUTUAL = ("sc-iv-pair", "same-antibody-different-conjugate")


def read_drugs(folder: Traversable | Path) -> tuple[Drug, ...]:
    """Every record of the folder's `*.yaml`, in the order of their ids.

    Raises KnowledgeError with every fault found: file name, key path and a sentence each.
    """
    files = sorted(
        (entry for entry in folder.iterdir() if entry.name.endswith(".yaml")),
        key=lambda entry: entry.name,
    )
    if not files:
        raise KnowledgeError(f"{folder}: there is no drug record (*.yaml) in this folder.")
    faults: list[str] = []
    drugs: list[Drug] = []
    for file in files:
        try:
            drugs.append(_read(file))
        except KnowledgeError as error:
            faults.append(str(error))
    if not faults:
        faults = [
            f"{drug.id}.yaml: {fault}" for drug in drugs for fault in _inconsistencies(drug, drugs)
        ]
    if faults:
        raise KnowledgeError("\n".join(faults))
    return tuple(sorted(drugs, key=lambda drug: drug.id))


def _read(file: Traversable | Path) -> Drug:
    try:
        said = yaml.load(file.read_text(encoding="utf-8"), Loader=_Loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        place = " ".join(str(error).split())
        raise KnowledgeError(f"{file.name}: this is not readable YAML: {place}") from None
    bare = [f"{file.name}: {where}: {fault}" for where, fault in _bare_numbers(said)]
    if bare:
        raise KnowledgeError("\n".join(bare))
    try:
        drug: Drug = DrugSchema().load(said)
    except ValidationError as error:
        found = _flat(error.messages)
        raise KnowledgeError(
            "\n".join(f"{file.name}: {where}: {fault}" for where, fault in found)
        ) from None
    if f"{drug.id}.yaml" != file.name:
        raise KnowledgeError(
            f"{file.name}: id: the file of {drug.id!r} must be named {drug.id}.yaml."
        )
    return drug


@dataclass(frozen=True, slots=True)
class _BareNumber:
    """A number without quotes: YAML would make a float or an int of it."""

    text: str


#: libyaml's parser is eight times faster where it is installed; the constructors are the same.
_Safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Safe):  # type: ignore[misc]
    """YAML's safe subset; only `true` and `false` are truth values, dates stay text.

    A number without quotes becomes a _BareNumber, so that its key can be named; a key
    written twice is an error.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = Counter(self.construct_object(key, deep=True) for key, _ in node.value)
        twice = [str(key) for key, times in keys.items() if times > 1]
        if twice:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {twice[0]!r} is written twice", node.start_mark
            )
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return mapping


def _bare_number(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> _BareNumber:
    return _BareNumber(str(node.value))


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag not in ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool")
        or (tag.endswith("bool") and first in "tTfF")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_constructor("tag:yaml.org,2002:float", _bare_number)
_Loader.add_constructor("tag:yaml.org,2002:int", _bare_number)


def _bare_numbers(said: object, where: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(said, _BareNumber):
        yield where or "file", f'write the number in quotes: "{said.text}".'
    elif isinstance(said, Mapping):
        for key, value in said.items():
            yield from _bare_numbers(value, f"{where}.{key}" if where else str(key))
    elif isinstance(said, list):
        for n, value in enumerate(said):
            yield from _bare_numbers(value, f"{where}[{n}]")


def _flat(messages: object, where: str = "") -> Iterator[tuple[str, str]]:
    """marshmallow's nested messages as key path and sentence."""
    if isinstance(messages, Mapping):
        for key, value in messages.items():
            if key == "_schema":
                yield from _flat(value, where)
            elif isinstance(key, int):
                yield from _flat(value, f"{where}[{key}]")
            else:
                yield from _flat(value, f"{where}.{key}" if where else str(key))
    elif isinstance(messages, list):
        for message in messages:
            yield from _flat(message, where)
    else:
        yield where or "file", str(messages)


def _inconsistencies(drug: Drug, drugs: Sequence[Drug]) -> Iterator[str]:
    """What one file cannot show alone, or what its parts contradict."""
    yield from _references(drug, {other.id: other for other in drugs})
    yield from _doses(drug)
    yield from _scope(drug)
    own = {c.code for c in drug.codes if c.system == "rxnorm" and c.names_the_record}
    for other in drugs:
        for code in other.codes:
            if other.id < drug.id and code.names_the_record and code.code in own:
                yield f"codes: RxNorm {code.code} names {other.id} too; mark it `shared: true`."


def _references(drug: Drug, known: Mapping[str, Drug]) -> Iterator[str]:
    named = [("biosimilar_of", drug.biosimilar_of)] if drug.biosimilar_of else []
    named += [(f"related[{n}].drug", r.drug) for n, r in enumerate(drug.related)]
    named += [
        (f"do_not_substitute_with[{n}].drugs", other)
        for n, group in enumerate(drug.do_not_substitute_with)
        for other in group.drugs
    ]
    for where, other in named:
        if other not in known:
            yield f"{where}: there is no drug record {other!r}."
        elif other == drug.id:
            yield f"{where}: a drug is not related to itself."
    for n, ingredient in enumerate(drug.ingredients):
        if ingredient.substance is not None and ingredient.substance not in known:
            yield f"ingredients[{n}].substance: there is no drug record {ingredient.substance!r}."
    for n, relation in enumerate(drug.related):
        partner = known.get(relation.drug)
        back = () if partner is None else [(r.type, r.drug) for r in partner.related]
        if relation.type in _MUTUAL and partner and (relation.type, drug.id) not in back:
            yield f"related[{n}]: {relation.drug} does not say {relation.type} of {drug.id}."


def _doses(drug: Drug) -> Iterator[str]:
    times = Counter(dose.id for dose in drug.doses)
    yield from (f"doses: the id {name!r} occurs twice." for name, n in times.items() if n > 1)
    used = {name for use in drug.indications for name in use.doses}
    yield from (f"indications: there is no dose {name!r}." for name in sorted(used - set(times)))
    yield from (f"doses: no use names {name!r}." for name in times if name not in used)


def _scope(drug: Drug) -> Iterator[str]:
    allowed = set(drug.authorised_in)
    for use in drug.indications:
        if use.breast != bool(use.categories):
            yield f"indications.{use.jurisdiction}: a breast use, and no other, has categories."
        if use.jurisdiction not in allowed:
            yield f"indications.{use.jurisdiction}: a use where the drug is not authorised."
    if drug.in_scope is Scope.NO and drug.her2_categories:
        yield "in_scope: it says no, and yet there is a breast use."
    if (drug.in_scope is Scope.BIOSIMILAR) != (drug.biosimilar_of is not None):
        yield "biosimilar_of: a biosimilar, and no other, names its reference product."
    elsewhere = [
        r.jurisdiction for r in drug.regulatory if r.status is not Authorisation.NOT_AUTHORISED
    ]
    if drug.in_scope is Scope.CHINA_ONLY and elsewhere != ["cn"]:
        yield "in_scope: it says china-only, and yet another authority did not refuse it."
