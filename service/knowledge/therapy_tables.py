"""The smaller tables of a therapy edition: settings, blockers, work-up, monitoring and the like."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from importlib.resources.abc import Traversable

from service.core.blocker import Action, Blocker, Effect, Interaction, UnknownMeans
from service.core.facts import FactKind
from service.core.follows import Follows
from service.core.regimen import Coded, Partner
from service.core.therapy_edition import Setting
from service.core.work import Ask, Monitoring, Window, WorkUp
from service.core.worlds import worlds_of
from service.knowledge.therapy_line import Line, lines_of


def read_settings(
    file: Traversable, kinds: Mapping[str, FactKind], flags: Collection[str]
) -> tuple[Setting, ...]:
    """The settings in their order, which the file keeps; a name may stand twice."""
    columns = "order setting title her2_category when early flag flag_when note".split()
    settings: list[Setting] = []
    for line in lines_of(file, columns, empty=("flag", "flag_when", "note")):
        order = line.count("order")
        if order != len(settings) + 1:
            raise line.refused("order", f"{order} does not follow {len(settings)}")
        if line["early"] not in ("yes", "no"):
            raise line.refused("early", f"{line['early']!r} is neither yes nor no")
        if bool(line["flag"]) is not bool(line["flag_when"]):
            raise line.refused("flag", "a flag and its condition stand together")
        line.names("flag", flags)
        settings.append(
            Setting(
                order=order,
                name=line["setting"],
                title=line["title"],
                categories=line.categories("her2_category"),
                condition=line.condition("when", kinds),
                early=line["early"] == "yes",
                flag=line["flag"],
                flag_when=line.condition("flag_when", kinds) if line["flag_when"] else None,
                note=line["note"],
            )
        )
    return tuple(settings)


def read_blockers(file: Traversable, kinds: Mapping[str, FactKind]) -> dict[str, Blocker]:
    """The blockers by id."""
    columns = "blocker applies_to effect condition unknown_means facts_from sentence source"
    return {
        line["blocker"]: Blocker(
            id=line["blocker"],
            applies_to=line["applies_to"],
            effect=line.one_of("effect", Effect),
            condition=line.condition("condition", kinds),
            unknown_means=line.one_of("unknown_means", UnknownMeans),
            facts_from=line["facts_from"],
            sentence=line["sentence"],
            source=line["source"],
            verification=line["verification"],
        )
        for line in lines_of(file, [*columns.split(), "verification"])
    }


def read_interactions(file: Traversable, drugs: Collection[str]) -> tuple[Interaction, ...]:
    """The interactions; every drug that they are of must be known."""
    columns = ("drug", "interacting", "members", "action", "sentence", "verification")
    read: list[Interaction] = []
    for line in lines_of(file, columns, twice=True):
        if line["drug"] not in drugs:
            raise line.refused("drug", f"{line['drug']} is not known")
        if any((r.drug, r.interacting) == (line["drug"], line["interacting"]) for r in read):
            raise line.refused("interacting", f"{line['interacting']} stands twice")
        read.append(
            Interaction(
                line["drug"],
                line["interacting"],
                line.listed("members"),
                line.one_of("action", Action),
                line["sentence"],
                line["verification"],
            )
        )
    return tuple(read)


def read_workup(
    file: Traversable, kinds: Mapping[str, FactKind], blockers: Collection[str]
) -> dict[str, WorkUp]:
    """What is to be done before the first dose, by id."""
    columns = "workup what codes ask when within_days for_drugs if_missing blockers done_when"
    may_be_empty = ("codes", "within_days", "blockers", "done_when")
    return {
        line["workup"]: WorkUp(
            id=line["workup"],
            what=line["what"],
            codes=line.codes("codes"),
            ask=line.one_of("ask", Ask),
            when=line["when"],
            windows=tuple(_window(line, text) for text in line.listed("within_days")),
            for_drugs=line["for_drugs"],
            if_missing=line["if_missing"],
            blockers=line.names("blockers", blockers),
            done_when=line.condition("done_when", kinds) if line["done_when"] else None,
            source=line["source"],
            verification=line["verification"],
        )
        for line in lines_of(file, [*columns.split(), "source", "verification"], may_be_empty)
    }


def _window(line: Line, text: str) -> Window:
    """`28`, or what it holds for and the days: `docetaxel 7`."""
    of, _, days = text.rpartition(" ")
    if not (days.isascii() and days.isdigit() and int(days)):
        raise line.refused("within_days", f"{text!r} does not end in a number of days")
    return Window(of, int(days))


def read_monitoring(file: Traversable) -> dict[str, Monitoring]:
    """What is to be watched during therapy, by id."""
    columns = ("monitoring", "what", "codes", "ask", "when", "for_drugs", "source", "verification")
    return {
        line["monitoring"]: Monitoring(
            id=line["monitoring"],
            what=line["what"],
            codes=line.codes("codes"),
            ask=line.one_of("ask", Ask),
            when=line["when"],
            for_drugs=line["for_drugs"],
            source=line["source"],
            verification=line["verification"],
        )
        for line in lines_of(file, columns, empty=("codes",))
    }


def read_partners(file: Traversable) -> dict[str, Partner]:
    """The drugs of regimens that are not anti-HER2, by name; a class names its members."""
    columns = (
        "drug",
        "members",
        "rxnorm",
        "rxnorm_verified",
        "atc",
        "atc_verified",
        "note",
    )
    lines = list(lines_of(file, columns, empty=columns[1:]))
    names = {line["drug"] for line in lines}
    return {
        line["drug"]: Partner(
            name=line["drug"],
            members=line.names("members", names - {line["drug"]}),
            codes=tuple(c for system in ("rxnorm", "atc") for c in _code(line, system)),
            note=line["note"],
        )
        for line in lines
    }


def _code(line: Line, system: str) -> tuple[Coded, ...]:
    mark = line[f"{system}_verified"]
    if mark not in (("V", "G") if line[system] else ("",)):
        raise line.refused(f"{system}_verified", f"{mark!r} does not say how it was verified")
    return (Coded(system, line[system], line["drug"], mark == "V"),) if line[system] else ()


def read_products(file: Traversable, records: Collection[str]) -> dict[str, tuple[str, ...]]:
    """RxNorm concept -> ids of the drug records it may be."""
    return {
        line["code"]: line.names("drugs", records)
        for line in lines_of(file, ("code", "display", "drugs"))
    }


def read_follows(file: Traversable, kinds: Mapping[str, FactKind]) -> tuple[Follows, ...]:
    """What follows from what; a conclusion leaves no choice."""
    rules: list[Follows] = []
    for line in lines_of(file, ("when", "then", "always", "source"), ("always",), twice=True):
        if line["always"] not in ("", "yes"):
            raise line.refused("always", f"{line['always']!r} is neither yes nor empty")
        worlds = worlds_of(line.condition("then", kinds))
        if len(worlds) != 1:
            raise line.refused("then", "only facts joined by and follow")
        when = line.condition("when", kinds)
        for before in (r for r in rules if r.always and line["always"]):
            if set(before.then) & set(worlds[0]):
                raise line.refused("always", "another line says always what this fact is")
        rules.append(Follows(when, worlds[0], line["always"] == "yes", line["source"]))
    return tuple(rules)


def read_phrases(file: Traversable, kinds: Mapping[str, FactKind]) -> dict[str, str]:
    """Fact -> phrase, and `not <fact>` -> the phrase of its denial, for every fact there is."""
    phrases: dict[str, str] = {}
    for line in lines_of(file, ("fact", "phrase", "denied"), empty=("denied",)):
        kind = kinds.get(line["fact"])
        if kind is None:
            raise line.refused("fact", f"there is no fact {line['fact']!r}")
        if bool(line["denied"]) is not (kind is FactKind.TRUTH):
            raise line.refused("denied", "a truth has a phrase for its denial, nothing else has")
        phrases[line["fact"]] = line["phrase"]
        if line["denied"]:
            phrases[f"not {line['fact']}"] = line["denied"]
    return phrases
