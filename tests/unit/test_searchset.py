"""Every entry of a searchset has an address, what is told beside the matches too."""

from service.fhir.searchset import Page, searchset

ADDRESS = "http://localhost/fhir/r4/Observation"


def told(*names):
    [entry] = searchset(Page(0, (), "", ignored=names), ADDRESS)["entry"]
    return entry


def test_what_was_ignored_is_told_at_an_address_of_its_own():
    entry = told("colour")
    assert entry["search"] == {"mode": "outcome"}
    assert entry["fullUrl"] == f"urn:uuid:{entry['resource']['id']}"


def test_the_same_search_tells_the_same_and_another_does_not():
    assert told("colour") == told("colour")
    assert told("colour")["fullUrl"] != told("shape")["fullUrl"]
