"""Addresses below the base: made by us, or taken out of what a server says.

A server's own idea of its host is never used (HAPI behind a proxy gives its inner name, and an
ill-meaning one could name any host within our network): a link counts as path and query below
the base that is configured.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote, urlsplit

from service.core.errors import ServerRefused

_KIND = re.compile(r"[A-Za-z]{1,64}")
_ID = re.compile(r"(?!\.+$)[A-Za-z0-9\-.]{1,64}")
#: FHIR's own paths need no more: no percent signs, which could hide dots, slashes or a backslash.
_PATH = re.compile(r"(/(?!\.+(/|$))[A-Za-z0-9._~$=@:-]+)*/?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")  # urlsplit would take some of them away
_LONGEST = 16_384


def of_type(kind: str) -> str:
    """`/Type`."""
    if not _KIND.fullmatch(kind):
        raise _not_fhirs()
    return f"/{kind}"


def of_resource(kind: str, id: str) -> str:
    """`/Type/id`. The id may come from a notification: `../x` or `1?y` is not asked for."""
    if not _ID.fullmatch(id):
        raise _not_fhirs()
    return f"{of_type(kind)}/{id}"


def of_operation(path: str) -> str:
    """`/Type/id/$name`."""
    made = "/" + path.lstrip("/")
    if not _PATH.fullmatch(made):
        raise _not_fhirs()
    return made


def with_query(path: str, query: Sequence[tuple[str, str]]) -> str:
    """The path and the query, with each name and value encoded."""
    said = "&".join(f"{quote(name, safe=':')}={quote(value, safe=':/,')}" for name, value in query)
    return f"{path}?{said}" if said else path


def with_criteria(path: str, criteria: str) -> str:
    """The path and criteria such as `identifier=system|value`, which are not encoded yet."""
    return f"{path}?{quote(criteria, safe='=&:/')}"


def below(link: str, base_path: str) -> str | None:
    """Path and query of a server's link below the base; None where it is not below it."""
    if len(link) > _LONGEST or _CONTROL.search(link):
        return None
    try:
        parts = urlsplit(link)
    except ValueError:
        return None
    path = parts.path
    if parts.scheme or parts.netloc or path.startswith("/"):
        if not path.startswith(base_path):
            return None
        path = path[len(base_path) :]
    elif path:
        path = f"/{path}"  # relative to the base
    if not _PATH.fullmatch(path) or not (path or parts.query):
        return None
    return f"{path}?{parts.query}" if parts.query else path


def located(location: str, kind: str) -> str:
    """`Type/id` that a Location header ends in, with or without a version; else empty."""
    try:
        path = urlsplit(location).path
    except ValueError:
        return ""
    match = re.search(rf"(?:^|/){kind}/([^/]+)(?:/_history/[^/]+)?$", path)
    return f"{kind}/{match[1]}" if match and _ID.fullmatch(match[1]) else ""


def _not_fhirs() -> ServerRefused:
    return ServerRefused("Not asked of the server: the type, id or operation is none of FHIR's.")
