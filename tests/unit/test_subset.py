"""A resource cut down says so, and claims no more than it has."""

from service.core.search_parameter import Elements
from service.fhir.subset import only, summarised

ELEMENTS = Elements(summary=frozenset({"status"}), always=frozenset({"status"}))
PLAN = {
    "resourceType": "CarePlan",
    "id": "1",
    "meta": {"versionId": "2", "profile": ["https://her2.example/fhir/StructureDefinition/p"]},
    "status": "draft",
    "title": "Plan",
}


def test_what_is_cut_down_claims_no_profile():
    for cut in (
        only(PLAN, ["title"], ELEMENTS),
        *(summarised(PLAN, how, ELEMENTS) for how in ("true", "text", "data")),
    ):
        assert "profile" not in cut["meta"]
        assert cut["meta"]["versionId"] == "2"


def test_what_is_whole_claims_its_profile():
    assert summarised(PLAN, "false", ELEMENTS) == PLAN
