"""Which body is read and which answer is given: media types, FHIR version, `_format`.

JSON alone is read and written. Its old and plain names are all taken for FHIR JSON, since
clients differ; what leaves is `application/fhir+json; charset=utf-8`.
"""

from __future__ import annotations

from flask import Request
from werkzeug.http import parse_options_header

from service.core.errors import Fault, NotAcceptable, UnsupportedMediaType
from service.fhir.version import FhirVersion

FHIR_JSON = "application/fhir+json"
JSON_NAMES = frozenset({FHIR_JSON, "application/json", "application/json+fhir", "text/json"})
#: Each base's values of `fhirVersion` -> how they are echoed.
VERSIONS = {
    FhirVersion.R4: {"4.0": "4.0", "4.0.1": "4.0", "4.3": "4.3", "4.3.0": "4.3"},
    FhirVersion.R5: {"5.0": "5.0", "5.0.0": "5.0"},
}
OUR_TYPE = f"{FHIR_JSON}; charset=utf-8"


def check_body_type(request: Request, version: FhirVersion = FhirVersion.R4) -> None:
    """UnsupportedMediaType (415) unless the body is FHIR of this version as JSON in UTF-8.

    A body that names no version is taken for the base's.
    """
    name, said = request.mimetype, request.mimetype_params
    if not name:
        raise _unread(f"The body has no Content-Type: send {FHIR_JSON}.")
    if "xml" in name:
        raise _unread(f"XML is not read (yet): send the same resource as {FHIR_JSON}.")
    if name not in JSON_NAMES:
        raise _unread(f"This media type is not read here: send {FHIR_JSON}.")
    if said.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise _unread("The body must be in UTF-8, as FHIR says.")
    if "fhirversion" in said and said["fhirversion"] not in VERSIONS[version]:
        raise _unread(_wrong_version(said["fhirversion"], version))


def check_form_type(request: Request) -> None:
    """UnsupportedMediaType (415) unless the body is an HTML form, as `_search` has it."""
    if request.mimetype != "application/x-www-form-urlencoded":
        raise _unread("A search by POST is sent as application/x-www-form-urlencoded.")


def answer_type(request: Request, version: FhirVersion = FhirVersion.R4) -> str:
    """The Content-Type of the answer; NotAcceptable (406) when none that we write is wanted.

    `_format` overrides Accept. A FHIR version asked for is echoed.
    """
    asked = request.args.get("_format", "")
    return format_type(asked, version) if asked else _type_of_accept(request, version)


def format_type(asked: str, version: FhirVersion = FhirVersion.R4) -> str:
    """The Content-Type that a `_format` value asks for; a `+` may have arrived as a space."""
    name, said = parse_options_header(asked.strip())
    name = name.replace(" ", "+").lower()
    if name not in JSON_NAMES | {"json"}:
        raise _unwritten("This _format is not written here: ask for json.")
    return _type_with(said.get("fhirversion"), version)


def _type_of_accept(request: Request, version: FhirVersion) -> str:
    """The most wanted of the caller's media ranges that we can meet.

    A name is excluded by `q=0` even where a wider range would take it (RFC 9110, 12.5.1).
    """
    wanted = [(*parse_options_header(item), q) for item, q in request.accept_mimetypes]
    if not wanted:
        return OUR_TYPE
    refused = {name.lower() for name, _, q in wanted if q == 0}
    ranges = {"application/*", "*/*"} if FHIR_JSON not in refused else set()
    met = [
        (q, said.get("fhirversion"))
        for name, said, q in wanted
        if q > 0 and name.lower() in (JSON_NAMES | ranges) - refused
    ]
    if not met:
        raise _unwritten(f"Only {FHIR_JSON} is written here: no media type in Accept allows it.")
    for _, asked in sorted(met, key=lambda each: -each[0]):
        if asked is None or asked in VERSIONS[version]:
            return _type_with(asked, version)
    raise _unwritten(_wrong_version(met[0][1] or "", version))


def _type_with(asked: str | None, version: FhirVersion) -> str:
    if asked is None:
        return OUR_TYPE
    if asked not in VERSIONS[version]:
        raise _unwritten(_wrong_version(asked, version))
    return f"{OUR_TYPE}; fhirVersion={VERSIONS[version][asked]}"


def _wrong_version(asked: str, version: FhirVersion) -> str:
    """Which base has the version that was asked for, if one has."""
    served = "/fhir/r4 has 4.0 and 4.3, /fhir/r5 has 5.0"
    if asked in VERSIONS[version.other]:
        return f"FHIR {version.other.name} belongs to {version.other.base}: {served}."
    return f"This FHIR version has no address here: {served}."


def _unread(text: str) -> UnsupportedMediaType:
    return UnsupportedMediaType(Fault("not-supported", text))


def _unwritten(text: str) -> NotAcceptable:
    return NotAcceptable(Fault("not-supported", text))
