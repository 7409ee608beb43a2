"""The search parameters we answer, held against the models of both FHIR versions."""

import re

import pytest
from fhir.resources import get_fhir_model_class as r5_model
from fhir.resources.R4B import get_fhir_model_class as r4_model

from service.core.errors import KnowledgeError
from service.core.search_parameter import SearchKind
from service.fhir.resource_types import RESOURCE_TYPES
from service.knowledge.search_parameters import read_search, shipped_search
from service.usecases.record.kept import KEPT

MODELS = {"r4": r4_model, "r5": r5_model}
PARAMETERS = [
    (release, kind, parameter)
    for release, search in shipped_search().items()
    for kind, parameters in search.parameters.items()
    for parameter in parameters.values()
]
HEADER = "type,name,kind,r4,r5,targets,documentation"
ELEMENTS = "type,release,summary,always\nPatient,r4,name,link\nPatient,r5,name,link\n"


def is_element(model, path):
    """Whether a model has the element, followed through models of its own."""
    first, _, rest = path.partition(".")
    field = next((f for f in model.model_fields.values() if (f.alias or "") == first), None)
    field = field or model.model_fields.get(first)
    if field is None:
        return False
    if not rest:
        return True
    named = re.search(r"fhirtypes\.(\w+)Type|(\w+)Type\b", str(field.annotation))
    release = "r4" if ".R4B." in model.__module__ else "r5"
    return named is not None and is_element(MODELS[release](named[1] or named[2]), rest)


@pytest.mark.parametrize("release", ["r4", "r5"])
def test_every_kept_type_can_be_searched(release):
    assert set(shipped_search()[release].parameters) == set(KEPT)
    assert set(shipped_search()[release].elements) == set(KEPT)


@pytest.mark.parametrize(("release", "kind", "parameter"), PARAMETERS)
def test_a_parameter_looks_at_elements_that_there_are(release, kind, parameter):
    for path in parameter.paths:
        assert is_element(MODELS[release](kind), path), path


@pytest.mark.parametrize("release", ["r4", "r5"])
def test_a_short_form_names_elements_that_there_are(release):
    for kind, elements in shipped_search()[release].elements.items():
        for name in elements.summary | elements.always:
            assert is_element(MODELS[release](kind), name), (kind, name)


def test_a_reference_leads_to_types_of_fhir():
    targets = {t for _, _, p in PARAMETERS for t in p.targets}
    assert targets <= RESOURCE_TYPES


def test_the_versions_have_parameters_of_their_own():
    r4, r5 = (shipped_search()[r].parameters["MedicationAdministration"] for r in ("r4", "r5"))
    assert r4.keys() - r5.keys() == {"effective-time", "context"}
    assert r5.keys() - r4.keys() == {"date", "encounter"}
    assert r4["code"].paths == ("medicationCodeableConcept",)
    assert r5["code"].paths == ("medication.concept",)


def refusal(tmp_path, line, elements=ELEMENTS):
    (tmp_path / "search_parameters.csv").write_text(f"{HEADER}\n{line}\n")
    (tmp_path / "elements.csv").write_text(elements)
    with pytest.raises(KnowledgeError) as caught:
        read_search(tmp_path)
    return str(caught.value)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Patent,name,string,name,name,,Said", "line 2, column type: elements.csv does not know"),
        ("Patient,name,text,name,name,,Said", "line 2, column kind: 'text' is none of"),
        ("Patient,link,reference,link,link,,Said", "line 2, column targets"),
        ("Patient,name,string,name,name,Patient,Said", "line 2, column targets"),
        ("Patient,name,string,name;,name,,Said", "line 2, column r4: 'name;' lists something"),
        ("Patient,name,string,name,name,,", "line 2, column documentation: empty"),
        ("Patient,a,string,b,,,c\nPatient,a,string,d,,,e", "line 3, column name: a stands twice"),
    ],
)
def test_a_bad_line_is_told_with_its_place(tmp_path, line, said):
    assert said in refusal(tmp_path, line)


def test_a_type_without_elements_in_a_version_is_told(tmp_path):
    said = refusal(
        tmp_path,
        "Patient,name,string,name,name,,Said",
        "type,release,summary,always\nPatient,r4,name,link\n",
    )
    assert "Patient has no line for one of" in said


def test_an_identifier_keeps_its_case_and_a_code_does_not():
    patient = shipped_search()["r4"].parameters["Patient"]
    assert patient["identifier"].kind is SearchKind.IDENTIFIER
    assert patient["gender"].kind is SearchKind.TOKEN
