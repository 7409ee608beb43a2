"""The `text` of a resource: short XHTML that a clinician can read."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any


def narrative(
    title: str, paragraphs: Iterable[str] = (), items: Iterable[str] = ()
) -> dict[str, Any]:
    """A Narrative: a title, then paragraphs, then a list; everything escaped."""
    parts = [f"<p><b>{escape(title)}</b></p>"]
    parts += [f"<p>{escape(p)}</p>" for p in paragraphs if p]
    listed = "".join(f"<li>{escape(i)}</li>" for i in items)
    if listed:
        parts.append(f"<ul>{listed}</ul>")
    body = "".join(parts)
    return {
        "status": "generated",
        "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{body}</div>',
    }
