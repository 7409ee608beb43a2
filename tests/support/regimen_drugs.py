"""What a record says of the drugs of the shipped regimens."""

from service.fhir.facts.regimen_drugs import drug_facts_of
from tests.support.cases import library
from tests.support.safety import record

TDXD, TDM1 = "trastuzumab deruxtecan", "trastuzumab emtansine"


def drug_facts(*resources):
    """Every fact by name and drug."""
    found = drug_facts_of(record(*resources), library().regimens)
    by_name = {(fact.name, fact.drug): fact for fact in found}
    assert len(by_name) == len(found)
    return by_name


def about(name, drug, *resources):
    """The value of one fact of one drug, None when it is not known."""
    fact = drug_facts(*resources).get((name, drug))
    return fact.value if fact else None


def drugs_with(name, *resources):
    """The drugs of which a fact is true."""
    return {drug for (n, drug), fact in drug_facts(*resources).items() if n == name and fact.value}
