"""The CQL that reads a patient: facts and category from Observations, three-valued.

A fact is an Observation of its own: `code` from her2-fact; a truth is `valueBoolean`, a count
`valueInteger`, a number `valueQuantity`, a letter `valueString` (`not C` when only that is known).
Of a number known as a stretch each end is an Observation with a `comparator`: all that is said of
a number holds at once. A fact about one drug of a regimen names it in the component `drug`.

The category is that of the summary: the one Observation of a HER2 category that is no member of
another. Without one nothing is tested.
"""

from __future__ import annotations

from collections.abc import Iterable

from service.core.assessment import Category
from service.core.facts import FactKind
from service.core.therapy import TESTING, TREATED
from service.fhir.definitions.condition_cql import one_of, string
from service.fhir.definitions.known import Known
from service.fhir.systems import code_of

#: What the results and the request say: no Observation of a fact is read for it.
_CONCLUDED = {
    "her2_positive": f"\"Category\" = '{code_of(Category.POSITIVE)}'",
    "her2_pending": f'"Category" in {one_of(sorted(map(code_of, TESTING)))}\n'
    "    or 'unreadable-evidence' in \"Flags\"",
    "jurisdiction_eu": "\"Jurisdiction\" = 'eu'",
}
_READERS = {
    FactKind.TRUTH: "Truth",
    FactKind.COUNT: "Number",
    FactKind.NUMBER: "Number",
    FactKind.LETTER: "Letter",
}


def reading(known: Known) -> str:
    """Everything that does not depend on which facts there are."""
    text = _READING
    for name in ("her2-fact", "her2-observable", "her2-category", "her2-flag"):
        text = text.replace(f"<{name}>", known.systems.code_system(name))
    return text.replace("<treated>", one_of(sorted(map(code_of, TREATED))))


def fact_definitions(facts: Iterable[str], known: Known) -> Iterable[str]:
    """A definition for each fact: a Boolean, an Interval<Decimal> or a String, null if unknown."""
    for fact in facts:
        reader = _READERS[known.words.facts[fact].kind]
        read = f'"{reader}"({string(code_of(fact))})'
        yield f'define "{fact}":\n  {_CONCLUDED.get(fact, read)}'


_READING = """\
// What is known of the patient

define "Observations":
  [Observation]

define "Told":
  flatten (
    "Observations" O
      where O.status.value in { 'final', 'amended', 'corrected' }
      return O.code.coding C
        where C.system.value = '<her2-fact>'
        return Tuple {
          fact: C.code.value,
          drug: singleton from (
            O.component P
              where exists (P.code.coding D
                where D.system.value = '<her2-observable>' and D.code.value = 'drug')
              return (P.value as FHIR.string).value
          ),
          truth: (O.value as FHIR.boolean).value,
          letter: (O.value as FHIR.string).value,
          number: Coalesce(
            ToDecimal((O.value as FHIR.integer).value), (O.value as FHIR.Quantity).value.value
          ),
          sign: (O.value as FHIR.Quantity).comparator.value
        }
  )

define function "Truth"(fact String):
  singleton from ("Told" T where T.fact = fact and T.drug is null return T.truth)

define function "Letter"(fact String):
  singleton from ("Told" T where T.fact = fact and T.drug is null return T.letter)

define function "Stretches"(fact String):
  "Told" T
    where T.fact = fact and T.number is not null
    return all case T.sign
      when '<' then Interval[minimum Decimal, T.number)
      when '<=' then Interval[minimum Decimal, T.number]
      when '>' then Interval(T.number, maximum Decimal]
      when '>=' then Interval[T.number, maximum Decimal]
      else Interval[T.number, T.number]
    end

define function "All Of"(stretches List<Interval<Decimal>>):
  if exists stretches then
    Interval[Max(stretches S return start of S), Min(stretches S return end of S)]
  else null

define function "Number"(fact String):
  "All Of"("Stretches"(fact))

define function "Below"(known Interval<Decimal>, limit Decimal):
  if end of known < limit then true else if start of known >= limit then false else null

define function "At Least"(known Interval<Decimal>, limit Decimal):
  not "Below"(known, limit)

define function "Above"(known Interval<Decimal>, limit Decimal):
  if start of known > limit then true else if end of known <= limit then false else null

define function "At Most"(known Interval<Decimal>, limit Decimal):
  not "Above"(known, limit)

define function "Is"(known Interval<Decimal>, value Decimal):
  case
    when start of known = value and end of known = value then true
    when end of known < value or start of known > value then false
    else null
  end

define function "Is"(known String, letter String):
  if StartsWith(known, 'not ') and known != 'not ' + letter then null else known = letter

// A fact about drugs: as stated of the whole regimen, else true of one, false of all, or not known
define function "Of Drugs"(fact String, stated Boolean, drugs List<String>):
  case
    when stated is not null then stated
    when exists ("Told" T where T.fact = fact and T.drug in drugs and T.truth) then true
    when not exists drugs then null
    when exists (drugs D where not exists ("Told" T where T.fact = fact and T.drug = D)) then null
    else false
  end

define function "Of Drug"(fact String, name String):
  exists ("Told" T where T.fact = fact and T.drug = name and T.truth)

define "Categories":
  "Observations" O
    where O.status.value in { 'preliminary', 'final', 'amended', 'corrected' }
      and exists (O.code.coding C
        where C.system.value = '<her2-observable>' and C.code.value = 'her2-category')

define "Summary":
  singleton from (
    "Categories" O
      where not exists ("Categories" P
        where exists (P.hasMember R
          where EndsWith(R.reference.value, '/' + O.id.value)
            or EndsWith(R.reference.value, ':' + O.id.value)))
  )

define "Category":
  Coalesce(
    First(
      (("Summary".value as FHIR.CodeableConcept).coding) C
        where C.system.value = '<her2-category>'
        return C.code.value
    ),
    'not-tested'
  )

define "Treated":
  "Category" in <treated>

define "Flags":
  (flatten ("Summary".component P return (P.value as FHIR.CodeableConcept).coding)) C
    where C.system.value = '<her2-flag>'
    return C.code.value
"""
