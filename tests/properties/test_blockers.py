"""What a blocker does is seen in the plan, and a plan is never empty: patients of every kind.

The blockers' conditions are read from the table's text and weighed by
tests/support/second_reading.py, against what it makes of the patient; not by the service.
"""

from dataclasses import replace
from random import Random

import pytest

from service.core.blocker import Effect
from service.core.plan_kind import PlanKind
from service.core.suggestion import Status
from service.fhir.writing.drug_activities import drug_activities
from tests.support.cases import resources
from tests.support.evidence import answered, bundle, condition, ihc, patient, specimen
from tests.support.random_patients import (
    DISCORDANT,
    EVENTS,
    LOST,
    UNREADABLE,
    VALUES,
    cells,
)
from tests.support.second_reading import (
    EARLY,
    PENDING,
    SEVERAL_WAYS,
    Case,
    cases,
    drugs_of,
    names,
    option_said,
    setting_rows,
    writing,
    wrongs,
)

SEEDS = (11, 12)
#: Patients a seed.
PATIENTS = 3000
#: Patients a seed of whom one more thing is learnt.
LEARNT = 1000

BLOCKERS = {line["blocker"]: line for line in cells("blockers")}
RULES = {line["rule"]: line for line in cells("regimens")}
#: rule -> {drug of a choice: (what stops it, what stops it once known)}.
CHOICES: dict[str, dict[str, tuple[list[str], list[str]]]] = {}
for _line in cells("components"):
    if _line["choice"]:
        _ids = [_line[column].split(";") for column in ("blockers", "when_known")]
        CHOICES.setdefault(_line["rule"], {})[_line["drug"]] = tuple(
            [i for i in ids if i] for ids in _ids
        )
TREATED = ("POSITIVE", "LOW", "ULTRALOW")


@pytest.fixture(scope="module", params=SEEDS)
def suggested(request):
    """(patient and plan) of a seed."""
    return cases(request.param, PATIENTS)


def never(suggested, wrong):
    """No patient is wrong; `wrong` says what is."""
    found = wrongs(suggested, wrong)
    assert not found, found


def never_an_option(suggested, wrong):
    """No option of any patient is wrong; `wrong` says what is."""

    def options(case):
        said = [(o, wrong(case, o)) for o in case.suggestion.options]
        return [(option_said(o), w) for o, w in said if w]

    never(suggested, options)


def listed(option):
    """The blockers of an option's rule, as text."""
    return RULES[option.rule.id]["blockers"].split(";")


def effect(case, option, blocker):
    """What a blocker does to an option by our reading; empty for nothing."""
    line = BLOCKERS[blocker]
    met = case.of(option, line["condition"])
    if met is None:
        return "" if line["unknown_means"] == "ignore" else line["unknown_means"]
    return line["effect"] if met else ""


def with_effect(case, option, *effects):
    return {b for b in listed(option) if effect(case, option, b) in effects}


def of_choices(option):
    """Ids of what may stop single drugs of an option's choices."""
    by_drug = CHOICES.get(option.rule.id, {}).values()
    return {"B14", "B19", *(i for ids in by_drug for group in ids for i in group)}


# What a blocker does


def test_what_an_exclusion_stops_is_no_option(suggested):
    never_an_option(suggested, lambda case, option: with_effect(case, option, "exclude"))


def test_what_is_excluded_is_excluded_by_what_the_option_says(suggested):
    def wrong(case):
        for option in case.suggestion.excluded:
            said = {s.blocker.id for s in option.against}
            true = with_effect(case, option, "exclude")
            if not said or not true <= said or not said - true <= of_choices(option):
                yield option_said(option), said, true

    never(suggested, lambda case: list(wrong(case)))


def test_what_holds_or_asks_for_review_is_among_the_holds(suggested):
    def wrong(case, option):
        waits = with_effect(case, option, "hold", "review")
        held = {s.blocker.id for s in option.holds if not s.drug}
        silent = waits and (not option.waits or option.status is Status.APPLICABLE)
        return waits - held or silent

    never_an_option(suggested, wrong)


def test_nothing_holds_that_is_not_listed_or_of_the_only_drugs_of_a_choice(suggested):
    def wrong(case, option):
        held = {s.blocker.id for s in option.holds if not s.drug}
        return held - with_effect(case, option, "hold", "review") - of_choices(option)

    never_an_option(suggested, wrong)


def test_what_informs_is_said_and_changes_nothing(suggested):
    def wrong(case, option):
        informs = with_effect(case, option, "inform")
        said = {s.blocker.id for s in option.of(Effect.INFORM) if not s.drug}
        if option.contradicted:  # then the ways in which the setting may hold say more or less
            return informs - said - {"B34R"}
        return informs ^ said

    never_an_option(suggested, wrong)


def test_an_order_adds_its_work_up(suggested):
    def wrong(case, option):
        ordered = {b for o in case.suggestion.ordered for b in o.blockers}
        return with_effect(case, option, "order") - ordered

    never_an_option(suggested, wrong)


#: Drug -> facts without which it waits for its first dose (section 1.5).
ASKED_FOR = {
    "trastuzumab": ("lvef",),
    "pertuzumab": ("lvef",),
    "trastuzumab emtansine": ("lvef", "alt_xuln", "ast_xuln", "bilirubin_xuln", "platelets"),
    "trastuzumab deruxtecan": ("lvef", "ild_history"),
    "margetuximab": ("lvef",),
    "inetetamab": ("lvef",),
    "lapatinib": ("lvef",),
    "pyrotinib": ("lvef", "bilirubin_xuln"),
    "docetaxel": ("bilirubin_xuln",),
    "capecitabine": ("crcl", "dpd_complete_deficiency"),
}


def test_a_test_that_a_label_asks_for_holds_while_it_is_missing(suggested):
    """LVEF, pregnancy test, liver tests, platelets, DPYD, clearance, past lung disease."""

    def wrong(case, option):
        facts = case.facts(option)
        lacking = {
            (component.drug, fact)
            for component in option.components
            for fact in ASKED_FOR.get(component.drug, ())
            if facts.values.get(fact) is None
            # Of a choice, what is not known of docetaxel leaves it a choice (paclitaxel is left).
            and (component.fixed or component.drug != "docetaxel")
        }
        if facts.says("pregnancy_possible and not pregnancy_test_negative") is not False:
            lacking.add(("every drug", "pregnancy_test_negative"))
        return lacking and (not option.waits or option.status is Status.APPLICABLE) and lacking

    never_an_option(suggested, wrong)


def test_a_drug_of_a_choice_that_is_stopped_is_left_out_or_all_wait(suggested):
    """Of `docetaxel or paclitaxel` the one that may not be given is not offered."""

    def wrong(case, option):
        for drug, (ids, when_known) in CHOICES.get(option.rule.id, {}).items():
            if drug not in drugs_of(option):
                continue
            effects = {effect(case, option, b) for b in ids}
            effects |= {
                BLOCKERS[b]["effect"]
                for b in when_known
                if case.of(option, BLOCKERS[b]["condition"])
            }
            refused = any(case.told(n, drug) for n in ("allergy_to_component", "ddi_avoid"))
            if "exclude" in effects or refused or ("hold" in effects and not option.waits):
                return drug, effects
        return None

    never_an_option(suggested, wrong)


def test_a_status_is_what_the_stops_and_the_missing_facts_make_it(suggested):
    """Applicable only when nothing is missing and nothing waits."""

    def wrong(_, option):
        expected = Status.ON_HOLD if option.waits else Status.APPLICABLE
        return option.status is not (Status.CONDITIONAL if option.missing else expected)

    never_an_option(suggested, wrong)


def test_a_contradicted_setting_holds_every_option(suggested):
    """Interfaces: the statement is used, the contradiction told, every option on hold."""

    def wrong(case):
        if not case.known.contradicted or case.patient.category not in TREATED:
            return None
        rows = {r["setting"] for r in setting_rows(case.patient.category)}
        ours = [o for o in case.suggestion.options if case.patient.category in o.rule.categories]
        return case.patient.setting in rows and (
            not case.suggestion.conflicts or [o.rule.id for o in ours if not o.waits]
        )

    never(suggested, wrong)


def test_every_drug_of_an_option_that_waits_is_on_hold_with_its_reasons(suggested):
    """Hold: drug activities on-hold until solved; the reason is coded, and said."""
    how = writing()
    seen = set()
    for case in suggested:
        for option in case.suggestion.options:
            held = [s.blocker.id for s in option.holds if not s.drug]
            key = option.rule.id, option.components, *held
            if key in seen or option.contradicted:
                continue
            seen.add(key)
            for activity in drug_activities(option, [], how):
                assert bool(activity.waiting) is bool(held)
                reason = activity.waiting or {"text": ""}
                codes = [c["code"] for c in reason.get("coding", [])]
                assert codes == [h.lower() for h in dict.fromkeys(held)]
                assert all(BLOCKERS[h]["sentence"] in reason["text"] for h in held)


# Which regimens there are


def test_the_setting_is_the_first_row_that_is_true(suggested):
    """Section 2; a row before it that is not known makes every option conditional."""

    def wrong(case):
        patient, plan = case.patient, case.suggestion
        if patient.category not in TREATED or patient.setting:
            return None
        doubt = False
        for row in setting_rows(patient.category):
            holds = case.says(row["when"])
            if holds:
                break
            doubt = doubt or holds is None
        name = row["setting"] if holds else ""
        if name == "POST_NEOADJ_RESIDUAL" and plan.setting.name == "POST_NEOADJ_PCR":
            return "the residual row needs invasive residue"
        known = [o for o in plan.options if o.status is not Status.CONDITIONAL]
        ours = [o for o in known if patient.category in o.rule.categories]
        return plan.setting.name != name or (doubt and bool(ours or not plan.setting.missing))

    never(suggested, wrong)


def fits(case, line):
    """A line of regimens.csv is read for a patient in the setting of the plan."""
    patient, setting = case.patient, case.suggestion.setting.name
    places = {"ANY", setting} | ({"ANY_EARLY"} if setting in EARLY else set())
    here = patient.jurisdiction in line["jurisdictions"].split(";")
    abroad = patient.off_label and line["rank"] != "NONE"
    category = patient.category in line["her2_category"].split(";")
    return line["setting"] in places and category and (here or abroad)


def holds(case, line):
    """True: the rule holds; None: it may; False: it does not."""
    known = case.says(line["when"])
    hr = case.known.values.get("hr_status")
    receptors = True if line["hr_status"] == "ANY" else hr and hr == line["hr_status"]
    if known is False or receptors is False:
        return False
    return None if known is None or receptors is None else True


def decided_elsewhere(case, line):
    """Known only with what the plan itself makes known, or with what a setting leaves open."""
    late = "adc_unsuitable" in names(line["when"]) and "adc_unsuitable" not in case.known.values
    return late or case.patient.setting in SEVERAL_WAYS


def test_every_rule_that_may_hold_is_seen_and_none_that_does_not(suggested):
    """Options, exclusions and sentences are the rules that hold, may hold, or are stopped."""

    def wrong(case):
        plan, patient = case.suggestion, case.patient
        if patient.category not in TREATED or not plan.setting.name:
            return None
        options = {o.rule.id: o for o in plan.options}
        codes = {o.rule.regimen for o in (*plan.options, *plan.excluded)}
        sentences = {s.rule.id: s for s in plan.sentences}
        only_added = not any(not o.add_on for o in plan.options)
        for line in RULES.values():
            if not fits(case, line):
                if line["rule"] in options and patient.category in line["her2_category"]:
                    return line["rule"], "does not fit"
                continue
            if decided_elsewhere(case, line):
                continue
            held = holds(case, line)
            if line["rank"] == "NONE":
                said = sentences.get(line["rule"])
                if (said is None) is not (held is False):
                    return line["rule"], "sentence", held
                if said and held is None and said.holds:
                    return line["rule"], "sentence holds", held
                continue
            seen = options.get(line["rule"])
            if held is False and seen:
                return line["rule"], "does not hold"
            hidden = line["rank"] == "ADD-ON" and only_added
            if held is not False and line["regimen"] not in codes and not hidden:
                return line["rule"], "is silent"
            if seen and held is None and seen.status is not Status.CONDITIONAL:
                return line["rule"], "is not conditional"
            sure = held and seen and not plan.setting.missing
            if sure and seen.status is Status.CONDITIONAL:
                return line["rule"], "is conditional on", seen.missing
        return None

    never(suggested, wrong)


def test_trastuzumab_without_a_conjugate_only_where_none_is_possible(suggested):
    """RES-03: where nobody said that conjugates are not possible, none is an option beside it."""

    def wrong(case, option):
        if option.rule.id != "RES-03" or option.status is Status.CONDITIONAL:
            return False
        said = case.says("adc_unsuitable or not prior_trastuzumab")
        conjugates = {"trastuzumab emtansine", "trastuzumab deruxtecan"}
        left = [o for o in case.suggestion.options if drugs_of(o) & conjugates]
        return not said and left

    never_an_option(suggested, wrong)


# The plan


def test_a_plan_says_something(suggested):
    """Never an empty plan, never `no advice` (section 1.10)."""

    def wrong(case):
        plan = case.suggestion
        said = plan.options or plan.excluded or plan.sentences or plan.asked or plan.holds
        to_decide = plan.kind in (PlanKind.REVIEW_FIRST, PlanKind.CLARIFY)
        return plan.kind not in PlanKind or not (said or to_decide)

    never(suggested, wrong)


def test_a_plan_to_clarify_names_what_is_missing_unless_nothing_is(suggested):
    """... name them: without a fact that is asked for, every rule read is known not to hold."""

    def wrong(case):
        plan = case.suggestion
        if plan.kind is not PlanKind.CLARIFY or plan.asked:
            return None
        open_ = [
            line["rule"]
            for line in RULES.values()
            if plan.setting.name
            and fits(case, line)
            and line["rank"] != "ADD-ON"
            and not decided_elsewhere(case, line)
            and holds(case, line) is not False
        ]
        return plan.options or open_

    never(suggested, wrong)


def test_where_nothing_is_left_a_person_is_asked_to_decide():
    """A setting for which no rule stands: a plan with an activity, not an empty one."""
    answer = answered(
        bundle(patient(), condition(), specimen(), ihc("1+")), setting="local-recurrence"
    )
    (plan,) = resources(answer, "CarePlan")
    said = [str(activity["detail"]) for activity in plan["activity"]]
    assert any("multidisciplinary" in text for text in said)


def test_a_plan_without_a_regimen_is_clarify_or_review(suggested):
    """Nothing left: facts to clarify, or a person decides on what is excluded."""

    def wrong(case):
        plan = case.suggestion
        if case.patient.category not in TREATED or plan.options:
            return None
        if plan.excluded and any(not o.add_on for o in plan.excluded):
            settled = {PlanKind.REVIEW_FIRST, PlanKind.NO_HER2_THERAPY}
            return plan.kind not in settled and plan.kind
        return plan.kind is PlanKind.THERAPY

    never(suggested, wrong)


def test_a_kind_of_plan_is_the_first_that_fits(suggested):
    """Interfaces: kinds of plan."""

    def wrong(case):
        plan, category, flags = case.suggestion, case.patient.category, case.patient.flags
        given = [o for o in plan.options if not o.add_on and o.status is not Status.CONDITIONAL]
        if category in PENDING:
            return plan.kind is not PlanKind.TESTING_ONLY
        if plan.kind is PlanKind.TESTING_ONLY:
            return True
        stated = {
            DISCORDANT[0]: "discordant_assay",
            DISCORDANT[1]: "discordant_assay",
            DISCORDANT[2]: "histology_discordant",
            LOST: "her2_lost_in_latest_metastasis",
        }
        left = [f for f in flags if case.patient.stated.get(stated.get(f, "")) is not False]
        if left:
            return plan.kind is not PlanKind.REVIEW_FIRST
        if category not in TREATED:
            return plan.kind is not PlanKind.NO_HER2_THERAPY
        return (plan.kind is PlanKind.THERAPY) is not bool(given)

    never(suggested, wrong)


def test_options_are_known_before_conditional_and_add_ons_last(suggested):
    """Section 1.7, and the order of each kind among themselves."""
    ranks = ("PREFERRED", "ALTERNATIVE", "OPTIONAL", "ADD-ON")

    def wrong(case):
        places = [
            (
                o.rule.rank == "ADD-ON",
                o.status is Status.CONDITIONAL,
                int(RULES[o.rule.id]["order"]),
                ranks.index(o.rule.rank),
                o.rule.id,
            )
            for o in case.suggestion.options
        ]
        return places != sorted(places) and places

    never(suggested, wrong)


def test_an_add_on_is_never_first_nor_alone(suggested):
    never(
        suggested,
        lambda case: case.suggestion.options and case.suggestion.options[0].rule.rank == "ADD-ON",
    )


def test_every_regimen_is_there_once(suggested):
    def wrong(case):
        every = (*case.suggestion.options, *case.suggestion.excluded)
        codes = [o.rule.regimen for o in every]
        return len(codes) != len(set(codes)) and codes

    never(suggested, wrong)


def test_what_a_conditional_option_waits_for_is_asked(suggested):
    def wrong(case, option):
        waiting = {a.fact for a in case.suggestion.asked if option.rule.regimen in a.regimens}
        return set(option.missing) - waiting

    never_an_option(suggested, wrong)


def test_a_statement_that_the_record_contradicts_is_told(suggested):
    """`context` wins, and what contradicts it is told as a warning."""

    def wrong(case):
        patient = case.patient
        if patient.category not in TREATED:
            return None
        told = {c.fact for c in case.suggestion.conflicts}
        both = patient.stated.keys() & patient.recorded.keys()
        return (
            {n for n in both if patient.stated[n] != patient.recorded[n]} - told - {"crcl", "pT_cm"}
        )

    never(suggested, wrong)


def test_no_plan_depends_on_the_order_in_which_facts_are_said(suggested):
    def wrong(case):
        patient = case.patient
        turned = replace(
            patient,
            stated=dict(reversed(patient.stated.items())),
            recorded=dict(reversed(patient.recorded.items())),
            of_drugs=patient.of_drugs[::-1],
        )
        before = [(o.rule.id, o.status) for o in case.suggestion.options]
        return before != [(o.rule.id, o.status) for o in turned.suggestion.options]

    never(suggested[:500], wrong)


# Learning more


def learnt(case, random):
    """The patient with one thing stated that is not known; None when there is nothing to learn.

    A setting is stated, so that the rules read stay the same; the history is not complete, so
    that nothing is known only because nobody mentioned it.
    """
    patient = replace(case.patient, complete=False)
    if not patient.setting:
        if not case.suggestion.setting.name or case.suggestion.setting.missing:
            return None
        patient = replace(patient, setting=case.suggestion.setting.name)
    before = Case(patient, patient.suggestion)
    both = {**before.known.values, **before.known_of_newest.values}
    open_ = [n for n in VALUES if n not in both and n not in patient.open]
    about = {n for o in before.suggestion.options for n in names(RULES[o.rule.id]["when"])}
    about |= {
        n
        for o in before.suggestion.options
        for b in listed(o)
        for n in names(BLOCKERS[b]["condition"])
    }
    open_ = [n for n in open_ if n in about] or open_
    if not open_:
        return None
    name = random.choice(open_)
    stated = {**patient.stated, name: random.choice(VALUES[name])}
    return before, Case(after := replace(patient, stated=stated), after.suggestion), name


def test_learning_a_fact_never_brings_a_regimen_from_nowhere(suggested):
    """With a stated setting and a fact that was not known: what is applicable afterwards was
    applicable, on hold or conditional before, and what was excluded is not an option.

    Two things are apart: a regimen for which no conjugate may be possible is weighed last, by
    what became of the others (`adc_unsuitable`); and a fact that the stated setting contradicts
    is not one that was not known.
    """
    random = Random(len(suggested))
    found = []
    for case in suggested[:LEARNT]:
        more = learnt(case, random) if case.patient.category in TREATED else None
        if more is None:
            continue
        before, after, name = more
        if after.known.contradicted is not before.known.contradicted:
            continue
        options = {o.rule.regimen for o in before.suggestion.options}
        excluded = {o.rule.regimen for o in before.suggestion.excluded}
        for option in after.suggestion.options:
            if "adc_unsuitable" in names(RULES[option.rule.id]["when"]):
                continue
            code = option.rule.regimen
            appeared = option.status is Status.APPLICABLE and code not in options
            if appeared or (code in excluded and not option.add_on):
                found.append(
                    (name, after.patient.stated[name], option_said(option), before.patient)
                )
    assert not found, f"{len(found)}: {found[0]}"


def test_every_fact_learnt_is_one_that_tables_ask_for():
    """The test above learns event facts and measurements alike."""
    assert set(EVENTS) <= set(VALUES)
    assert {"lvef", "crcl", "platelets"} <= set(VALUES)
    assert UNREADABLE not in VALUES
