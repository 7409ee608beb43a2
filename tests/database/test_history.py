"""A history tells what can be read at its base, and every entry has what FHIR asks for."""

import pytest

from tests.support.evidence import ihc, patient


@pytest.mark.parametrize("path", ["", "Observation"])
@pytest.mark.parametrize("base", ["/fhir/r4", "/fhir/r5"])
def test_evidence_of_the_other_fhir_version_is_left_out(endpoint, path, base):
    endpoint.put(patient())
    endpoint.put(ihc("2+", name="four"))
    endpoint.call("PUT", "Observation/anna-five", ihc("3+", name="five"), base="/fhir/r5")
    endpoint.call("DELETE", "Observation/anna-five", base="/fhir/r5")
    entries = endpoint.history(path, base)
    told = {e["fullUrl"].rpartition("/")[2] for e in entries}
    assert ("anna-four" in told, "anna-five" in told) == (base == "/fhir/r4", base == "/fhir/r5")
    for entry in entries:
        assert ("resource" in entry) is (entry["request"]["method"] != "DELETE")


def test_what_is_derived_is_told_at_both_bases(endpoint):
    endpoint.put(patient())
    endpoint.put(ihc("3+"))
    plans = [endpoint.history("CarePlan", base) for base in ("/fhir/r4", "/fhir/r5")]
    assert len(plans[0]) == len(plans[1]) > 0
