"""The query of a request, without what is about the answer's form."""

from __future__ import annotations

# Parameters of every FHIR request; they are about the answer's form, not what is asked.
ABOUT_FORM = frozenset({"_format", "_pretty"})


def query_in(sent: dict[str, list[str]]) -> dict[str, list[str]]:
    """The parameters that are the use case's to read."""
    return {name: values for name, values in sent.items() if name not in ABOUT_FORM}
