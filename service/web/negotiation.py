"""Which body is read and which answer is given: media types, FHIR version, `_format`.

JSON alone is read and written. Its old and plain names are all taken for FHIR JSON, since
clients differ; what leaves is `application/fhir+json; charset=utf-8`.
"""

from __future__ import annotations

from flask import Request
from werkzeug.http import parse_options_header

from service.core.errors import Fault, NotAcceptable, UnsupportedMediaType

FHIR_JSON = "application/fhir+json"
JSON_NAMES = frozenset({FHIR_JSON, "application/json", "application/json+fhir", "text/json"})
R4_VERSIONS = {"4.0": "4.0", "4.0.1": "4.0", "4.3": "4.3", "4.3.0": "4.3"}
OUR_TYPE = f"{FHIR_JSON}; charset=utf-8"


def check_body_type(request: Request) -> None:
    """UnsupportedMediaType (415) unless the body says that it is FHIR R4 as JSON in UTF-8."""
    name, said = request.mimetype, request.mimetype_params
    if not name:
        raise _unread(f"The body has no Content-Type: send {FHIR_JSON}.")
    if "xml" in name:
        raise _unread(f"XML is not read (yet): send the same resource as {FHIR_JSON}.")
    if name not in JSON_NAMES:
        raise _unread(f"This media type is not read here: send {FHIR_JSON}.")
    if said.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise _unread("The body must be in UTF-8, as FHIR says.")
    if "fhirversion" in said and said["fhirversion"] not in R4_VERSIONS:
        raise _unread(_wrong_version(said["fhirversion"]))


def check_form_type(request: Request) -> None:
    """UnsupportedMediaType (415) unless the body is an HTML form, as `_search` has it."""
    if request.mimetype != "application/x-www-form-urlencoded":
        raise _unread("A search by POST is sent as application/x-www-form-urlencoded.")


def answer_type(request: Request) -> str:
    """The Content-Type of the answer; NotAcceptable (406) when none that we write is wanted.

    `_format` overrides Accept. A FHIR version asked for is echoed.
    """
    asked = request.args.get("_format", "")
    return format_type(asked) if asked else _type_of_accept(request)


def format_type(asked: str) -> str:
    """The Content-Type that a `_format` value asks for; a `+` may have arrived as a space."""
    name, said = parse_options_header(asked.strip())
    name = name.replace(" ", "+").lower()
    if name not in JSON_NAMES | {"json"}:
        raise _unwritten("This _format is not written here: ask for json.")
    return _type_with(said.get("fhirversion"))


def _type_of_accept(request: Request) -> str:
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
    for _, version in sorted(met, key=lambda each: -each[0]):
        if version is None or version in R4_VERSIONS:
            return _type_with(version)
    raise _unwritten(_wrong_version(met[0][1] or ""))


def _type_with(version: str | None) -> str:
    if version is None:
        return OUR_TYPE
    if version not in R4_VERSIONS:
        raise _unwritten(_wrong_version(version))
    return f"{OUR_TYPE}; fhirVersion={R4_VERSIONS[version]}"


def _wrong_version(version: str) -> str:
    if version.startswith("5."):
        return "FHIR R5 belongs to /fhir/r5, which is not served yet; /fhir/r4 has 4.0 and 4.3."
    return "This FHIR version has no address here; /fhir/r4 has 4.0 and 4.3."


def _unread(text: str) -> UnsupportedMediaType:
    return UnsupportedMediaType(Fault("not-supported", text))


def _unwritten(text: str) -> NotAcceptable:
    return NotAcceptable(Fault("not-supported", text))
