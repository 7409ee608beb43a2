"""Every body that leaves for a fixture case is the FHIR that interfaces.md promises."""

import json
from functools import cache, lru_cache
from uuid import UUID
from xml.etree import ElementTree

import pytest
from fhir.resources.R4B import get_fhir_model_class

from service.core.assessment import Category
from service.core.plan_kind import PlanKind
from service.core.regimen import Rank
from service.fhir.json import decode
from service.fhir.systems import code_of
from tests.support.cases import BASE, cases, library
from tests.support.doors import FHIR_JSON, post, the_outcome
from tests.support.values import inside

BY_NAME = {case.name: case for case in cases()}
XHTML = "{http://www.w3.org/1999/xhtml}"
NARRATED = ("Observation", "CarePlan", "OperationOutcome", "MedicationKnowledge")
OURS = f"{BASE}/CodeSystem/"
#: Of drug records: intravenous, subcutaneous, by mouth.
ROUTES = ("47625008", "34206005", "26643006")
OBSERVABLES = {
    "her2-category",
    "binary-status",
    "ish-group",
    "ihc-score",
    "her2-cep17-ratio",
    "her2-copies",
    "cep17-copies",
    "rule",
    "next-step",
    "flag",
}


@lru_cache(8)
def sent_for(name, kind):
    """(status, body) of the answer to a case as `collection` or `transaction`."""
    case = BY_NAME[name]
    prefer = {"Prefer": "handling=lenient"} if case.lenient else {}
    answer = post(case.body, {**case.query, "bundle-type": [kind]}, prefer, case.concept_map)
    return answer.status_code, answer.get_data()


def lacks_an_address(case):
    """The case has a result without a subject, or a resource known by nothing but a urn."""
    posted = [e for e in decode(case.body).get("entry", []) if "resource" in e]
    without_subject = any(p["subject"] == "none" for p in case.said["expect"]["patients"])
    return without_subject or any(
        e.get("fullUrl", "").startswith("urn:") and "identifier" not in e["resource"]
        for e in posted
    )


REFUSED = sorted(name for name, case in BY_NAME.items() if lacks_an_address(case))
ANSWERED = [(name, "collection") for name in BY_NAME]
ANSWERED += [(name, "transaction") for name in BY_NAME if name not in REFUSED]


@pytest.fixture(scope="module", params=ANSWERED, ids="-".join)
def answer(request):
    """One answer after the other, each asked for once: all of them would fill the memory."""
    name, kind = request.param
    status, body = sent_for(name, kind)
    assert status == 200, body.decode()
    return name, kind, decode(body)


@pytest.fixture
def name(answer):
    return answer[0]


@pytest.fixture
def kind(answer):
    return answer[1]


@pytest.fixture
def bundle(answer):
    return answer[2]


def standing(bundle):
    """The entries that this answer holds true: all but retractions of earlier ones."""
    retracted = ("revoked", "entered-in-error")
    return [e for e in bundle["entry"] if e["resource"].get("status") not in retracted]


def coding_in(value):
    """(system, code) of a Coding, or a pair of empty strings."""
    is_coding = isinstance(value, dict) and "system" in value and "code" in value
    return (value["system"], value["code"]) if is_coding else ("", "")


@cache
def known_codes():
    """System of ours -> the codes that the knowledge has for it."""
    knowledge = library()
    tables = [t for g in knowledge.guidelines for t in g.tables.values()]
    words = knowledge.words
    said = {
        "her2-category": Category,
        "her2-binary-status": ("POSITIVE", "NEGATIVE", "EQUIVOCAL", "INDETERMINATE", "NONE"),
        "her2-ish-group": [f"group-{g}" for g in (1, 2, 3, 4, 5)],
        "her2-next-step": words.next_steps,
        "her2-flag": words.flags,
        "her2-rule": {row.rule for table in tables for row in table.rows},
        "her2-plan-kind": PlanKind,
        "her2-fact": words.facts,
        "her2-edition": {g.identity for g in knowledge.guidelines},
        "her2-observable": OBSERVABLES,
        "her2-provenance": ("derived",),
        "her2-setting": knowledge.regimens.setting_names,
        "her2-regimen": {r.regimen for r in knowledge.regimens.rules.values()},
        "her2-suggestion-rank": Rank,
        "her2-suggestion-status": ("APPLICABLE", "CONDITIONAL", "ON_HOLD"),
        "her2-blocker": knowledge.regimens.blockers,
    }
    return {f"{OURS}{name}": {code_of(str(w)) for w in known} for name, known in said.items()}


@pytest.mark.parametrize("name", REFUSED)
def test_a_transaction_that_nothing_could_resolve_is_refused_for_just_that(name):
    case = BY_NAME[name]
    query = {**case.query, "bundle-type": ["transaction"]}
    answer = post(case.body, query, {}, case.concept_map)
    assert answer.status_code == 422
    for issue in the_outcome(answer)["issue"]:
        assert (issue["severity"], issue["code"]) == ("error", "required")
        (where,) = issue["expression"]
        assert where.rpartition(".")[2] in ("subject", "identifier")


def test_the_bundle_and_each_resource_in_it_is_valid_fhir(bundle, kind):
    assert bundle["type"] == kind
    get_fhir_model_class("Bundle").model_validate(bundle)  # and each resource as its own type


def test_an_answer_holds_no_null_and_nothing_empty(bundle):
    for value in inside(bundle):
        assert value is not None
        assert value not in ("", [], {})
        assert not isinstance(value, float)


def test_every_entry_has_an_address_that_is_its_own_for_ever(bundle, kind):
    addresses = [entry["fullUrl"] for entry in bundle["entry"]]
    assert len(addresses) == len(set(addresses))
    for entry in bundle["entry"]:
        urn, resource = entry["fullUrl"], entry["resource"]
        identity = urn.removeprefix("urn:uuid:")
        assert str(UUID(identity)) == identity
        assert UUID(identity).version == 5
        if kind == "collection":
            assert resource["id"] == identity
        else:
            assert "id" not in resource
        if resource["resourceType"] in ("Observation", "CarePlan"):
            identifier = {"system": f"{BASE}/sid/derived", "value": identity}
            assert resource["identifier"] == [identifier]


def test_what_we_derive_is_tagged_and_says_its_profile_in_a_collection_only(bundle, kind):
    for entry in bundle["entry"]:
        resource = entry["resource"]
        if resource["resourceType"] in ("OperationOutcome", "MedicationKnowledge"):
            continue  # neither is derived from a patient's evidence
        assert {"system": f"{OURS}her2-provenance", "code": "derived"} in resource["meta"]["tag"]
        profiles = resource["meta"].get("profile", [])
        if kind == "transaction" or resource["resourceType"] == "Provenance":
            assert profiles == []
        else:
            (profile,) = profiles
            assert profile.startswith(f"{BASE}/StructureDefinition/her2-")


def test_every_reference_to_an_entry_of_ours_resolves(bundle, kind, name):
    ours = {entry["fullUrl"] for entry in bundle["entry"]}
    posted = {e.get("fullUrl") for e in decode(BY_NAME[name].body).get("entry", [])}
    for entry in bundle["entry"]:
        resource = entry["resource"]
        contained = {f"#{inner['id']}" for inner in resource.get("contained", [])}
        named = [
            v["reference"] for v in inside(resource) if isinstance(v, dict) and "reference" in v
        ]
        for reference in (r for r in named if isinstance(r, str)):
            if reference.startswith("urn:"):
                assert reference in ours | (posted if kind == "collection" else set())
            elif reference.startswith("#"):
                assert reference in contained
        assert contained <= set(filter(lambda r: isinstance(r, str), named))


@pytest.mark.parametrize("name", [name for name in BY_NAME if name not in REFUSED])
def test_a_transaction_stores_each_entry_conditionally(name):
    _, body = sent_for(name, "transaction")
    for entry in decode(body)["entry"]:
        identity = entry["fullUrl"].removeprefix("urn:uuid:")
        kind, request = entry["resource"]["resourceType"], entry["request"]
        if kind == "Provenance":
            assert (request["method"], request["url"]) == ("POST", "Provenance")
            tag = entry["resource"]["meta"]["tag"][-1]
            assert tag["system"] == f"{OURS}her2-assessment"
            assert UUID(tag["code"]).version == 5
            assert request["ifNoneExist"] == f"_tag={tag['system']}|{tag['code']}"
        else:
            assert kind in ("Observation", "CarePlan")
            url = f"{kind}?identifier={BASE}/sid/derived|{identity}"
            assert request == {"method": "PUT", "url": url}


def test_a_provenance_targets_every_entry_of_its_patient(bundle):
    targets, derived = [], []
    for entry in standing(bundle):
        resource = entry["resource"]
        if resource["resourceType"] == "Provenance":
            targets += [target["reference"] for target in resource["target"]]
        elif resource["resourceType"] in ("Observation", "CarePlan"):
            derived.append(entry["fullUrl"])
    assert sorted(targets) == sorted(derived)


def test_every_narrative_is_plain_xhtml(bundle):
    for entry in standing(bundle):
        resource = entry["resource"]
        if resource["resourceType"] not in NARRATED:
            continue
        assert resource["text"]["status"] == "generated"
        div = ElementTree.fromstring(resource["text"]["div"])
        assert div.tag == f"{XHTML}div"
        assert "".join(div.itertext()).strip()
        for element in div.iter():
            assert element.tag.removeprefix(XHTML) in ("div", "p", "b", "ul", "li")
            assert not element.attrib


def test_every_code_of_ours_that_is_said_is_in_the_knowledge(bundle):
    for value in inside(bundle):
        system, code = coding_in(value)
        if system.startswith(OURS) and not system.endswith("her2-assessment"):
            assert code in known_codes()[system]


def test_a_standard_code_that_is_said_is_a_verified_one(bundle):
    emitted = {
        (coding.system, coding.code)
        for codings in library().codes.emitted.values()
        for coding in codings
        if coding.verified
    }
    therapy = library().regimens
    work = (*therapy.workup.values(), *therapy.monitoring.values())
    urls = {"loinc": "http://loinc.org", "snomed": "http://snomed.info/sct"}
    emitted |= {(urls[c.system], c.code) for w in work for c in w.codes if c.verified}
    emitted |= {
        (urls[c.system], c.code) for d in library().drugs for c in d.codes if c.system in urls
    }
    emitted.add(("http://snomed.info/sct", "254837009"))  # the indication of a drug record
    emitted |= {("http://snomed.info/sct", code) for code in ROUTES}
    for value in inside(bundle):
        system, code = coding_in(value)
        if system in ("http://loinc.org", "http://snomed.info/sct"):
            assert (system, code) in emitted


@pytest.mark.parametrize("name", list(BY_NAME))
def test_an_answer_is_sent_as_fhir_json_and_is_not_to_be_kept(name):
    case = BY_NAME[name]
    prefer = {"Prefer": "handling=lenient"} if case.lenient else {}
    answer = post(case.body, case.query, prefer, case.concept_map)
    assert answer.mimetype == FHIR_JSON
    assert answer.headers["Cache-Control"] == "no-store"
    json.loads(answer.get_data(), parse_constant=pytest.fail)
