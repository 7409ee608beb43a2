from importlib.resources import files

import pytest
from fhir.resources.R4B.bundle import Bundle

from service.core.errors import NotFhir
from service.fhir.r4.medication_knowledge import medication_knowledge
from service.fhir.searchset import searchset
from service.knowledge.drugs import read_drugs
from service.usecases.drug_search import find_drugs

BASE = "https://her2.example/fhir"
ADDRESS = "https://her2.example/fhir/r4/MedicationKnowledge"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC = "http://www.whocc.no/atc"
STATUS = "http://terminology.hl7.org/CodeSystem/medicationknowledge-status"
DRUGS = read_drugs(files("service.knowledge") / "drugs")


def search(query, lenient=False):
    records = [medication_knowledge(drug, DRUGS, BASE) for drug in DRUGS]
    asked = {k: [v] if isinstance(v, str) else v for k, v in query.items()}
    return find_drugs(records, asked, lenient)


def names(page):
    return {resource["synonym"][0] for resource in page.resources}


def inns(page):
    return {resource["code"]["text"] for resource in page.resources}


def refusal(query, lenient=False):
    with pytest.raises(NotFhir) as caught:
        search(query, lenient)
    return [fault.text for fault in caught.value.faults]


def test_no_parameter_finds_every_drug():
    page = search({})
    assert page.total == len(page.resources) == 19
    assert (page.query, page.next, page.previous, page.ignored) == ("", None, None, ())


@pytest.mark.parametrize(
    "token", [f"{RXNORM}|2267582", "2267582", f"{ATC}|L01FD04", "L01FD04", "l01fd04"]
)
def test_a_code_finds_its_drug_with_or_without_a_system(token):
    assert inns(search({"code": token})) == {"trastuzumab deruxtecan"}


@pytest.mark.parametrize("token", [f"{ATC}|2267582", "|2267582", "http://x.example|", "L01XC41"])
def test_a_code_of_another_system_or_of_the_past_finds_nothing(token):
    assert search({"code": token}).total == 0


def test_a_system_alone_finds_every_drug_that_it_codes():
    assert search({"code": f"{RXNORM}|"}).total == 7


def test_a_comma_is_or_and_a_repeat_is_and():
    assert search({"code": "1298944,480167"}).total == 2
    assert search({"code": ["1298944", "480167"]}).total == 0
    assert inns(search({"code": [f"{RXNORM}|", "L01EH01"]})) == {"lapatinib"}


def test_text_reads_the_start_of_a_name():
    assert inns(search({"code:text": "TRASTUZUMAB D"})) == {"trastuzumab deruxtecan"}
    assert search({"code:text": "deruxtecan"}).total == 0


@pytest.mark.parametrize("parameter", ["ingredient", "ingredient-code"])
def test_the_ingredient_trastuzumab_is_not_in_a_conjugate(parameter):
    found = search({parameter: f"{RXNORM}|224905"})
    assert inns(found) == {
        "trastuzumab",
        "trastuzumab + hyaluronidase",
        "pertuzumab + trastuzumab + hyaluronidase",
    }
    assert found.total == 9


def test_an_ingredient_is_also_found_by_its_whole_name():
    assert search({"ingredient": "Trastuzumab"}).total == 9
    assert inns(search({"ingredient": "margetuximab"})) == {"margetuximab"}
    assert search({"ingredient-code": "trastuzumab"}).total == 0


def test_a_reference_to_a_substance_finds_nothing_since_ours_are_coded():
    assert search({"ingredient": "Substance/1"}).total == 0


def test_a_classification_is_found_by_code_or_text():
    assert inns(search({"classification": f"{ATC}|L01EH02"})) == {"neratinib"}
    assert names(search({"classification:text": "adc"})) == {
        "ado-trastuzumab emtansine",
        "fam-trastuzumab deruxtecan-nxki",
    }


def test_status_is_a_token_too():
    assert search({"status": "active"}).total == 19
    assert search({"status": f"{STATUS}|active"}).total == 19
    assert search({"status": "inactive"}).total == 0


def test_an_id_finds_one_record():
    wanted = search({}).resources[3]["id"]
    assert [r["id"] for r in search({"_id": wanted}).resources] == [wanted]
    assert search({"_id": f"{wanted},other"}).total == 1


def test_an_escaped_comma_is_part_of_the_value():
    assert search({"code:text": r"EGFR\, HER2,lapatinib"}).total == 1
    assert search({"code": r"a\|b"}).total == 0


def test_pages_lead_to_each_other_and_hold_every_match_once():
    first = search({"status": "active", "_count": "8"})
    assert (first.total, len(first.resources)) == (19, 8)
    assert first.query == "status=active&_count=8"
    assert first.previous is None
    assert first.next == "status=active&_count=8&_offset=8"
    second = search({"status": "active", "_count": "8", "_offset": "8"})
    assert second.previous == "status=active&_count=8&_offset=0"
    last = search({"status": "active", "_count": "8", "_offset": "16"})
    assert last.next is None
    met = [r["id"] for page in (first, second, last) for r in page.resources]
    assert len(met) == len(set(met)) == 19


def test_beyond_the_last_page_there_is_an_empty_one():
    page = search({"_offset": "100"})
    assert (page.total, page.resources, page.next) == (19, (), None)


def test_a_count_of_nought_gives_the_total_only():
    page = search({"_count": "0"})
    assert (page.total, page.resources, page.next, page.previous) == (19, (), None, None)
    assert page.query == "_count=0"


@pytest.mark.parametrize("value", ["-1", "many", "1.5", "", "٣", ["1", "2"]])
@pytest.mark.parametrize("name", ["_count", "_offset"])
def test_a_malformed_page_is_refused(name, value):
    (said,) = refusal({name: value})
    assert said.startswith(name)


def test_an_unknown_parameter_is_refused_when_strict():
    (said,) = refusal({"colour": "red", "status": "active"})
    assert "'colour'" in said
    assert "ingredient-code" in said


def test_an_unknown_parameter_is_left_out_when_lenient_and_told():
    page = search({"colour": "red", "status": "active"}, lenient=True)
    assert page.total == 19
    assert page.query == "status=active"
    assert page.ignored == ("colour",)


@pytest.mark.parametrize("key", ["code:above", "status:text", "_id:text", "_count:text"])
def test_an_unknown_modifier_is_refused_even_when_lenient(key):
    assert refusal({key: "1"}, lenient=True)


@pytest.mark.parametrize("value", ["", "a,,b", "a|b|c", "|"])
def test_a_value_that_asks_for_nothing_is_refused(value):
    assert refusal({"code": value})


def test_every_fault_of_a_search_is_told_together():
    assert len(refusal({"colour": "red", "_count": "x", "code": ""})) == 3


def test_a_searchset_has_totals_links_and_matches():
    page = search({"status": "active", "_count": "2", "_offset": "2"})
    bundle = searchset(page, ADDRESS)
    Bundle.model_validate(bundle)
    assert (bundle["type"], bundle["total"]) == ("searchset", 19)
    assert {link["relation"]: link["url"] for link in bundle["link"]} == {
        "self": f"{ADDRESS}?status=active&_count=2&_offset=2",
        "previous": f"{ADDRESS}?status=active&_count=2&_offset=0",
        "next": f"{ADDRESS}?status=active&_count=2&_offset=4",
    }
    for entry in bundle["entry"]:
        assert entry["fullUrl"] == f"{ADDRESS}/{entry['resource']['id']}"
        assert entry["search"] == {"mode": "match"}


def test_a_searchset_tells_what_was_ignored():
    bundle = searchset(search({"colour": "red", "_count": "1"}, lenient=True), ADDRESS)
    Bundle.model_validate(bundle)
    outcome = bundle["entry"][-1]
    assert outcome["search"] == {"mode": "outcome"}
    assert outcome["resource"]["issue"][0]["severity"] == "warning"
    assert "colour" in outcome["resource"]["issue"][0]["details"]["text"]
    assert "colour" not in bundle["link"][0]["url"]


def test_an_empty_searchset_has_no_entry():
    bundle = searchset(search({"code": "none"}), ADDRESS)
    assert bundle["total"] == 0
    assert "entry" not in bundle


def test_a_value_in_a_link_is_escaped():
    page = search({"code": f"{RXNORM}|224905"})
    assert page.query == "code=http:%2F%2Fwww.nlm.nih.gov%2Fresearch%2Fumls%2Frxnorm%7C224905"
