"""The fixtures of fixtures/notifications: a request as it is on the wire, and what it says.

`request.http` has the request line, whose path is relative to the server and names SOURCE for
the source, headers, an empty line and the body; the newline that ends the file is not sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from service.fhir.notices.notice import ChannelWord, Delivery, Notice
from service.fhir.notices.sent import Sent
from tests.support.cases import FIXTURES


@dataclass(frozen=True)
class Notification:
    """One folder under fixtures/notifications.

    expect: of its case.yaml, see `told`. secret: what the sender signs with, where it does.
    """

    folder: Path
    said: Mapping[str, Any]

    @property
    def expect(self) -> Mapping[str, Any]:
        expect: Mapping[str, Any] = self.said["expect"]
        return expect

    @property
    def secret(self) -> str:
        return str(self.said.get("secret", ""))

    @property
    def name(self) -> str:
        """The folder's name, a sentence."""
        return self.folder.name

    @property
    def sent(self) -> Sent:
        """The request as a use case gets it."""
        line, headers, body = self._parts()
        method, path, _ = line.split(" ")
        below = path.split("/")[3:]
        kind, id = [*below, "", ""][:2]
        return Sent(method, kind, id, {name.lower(): v for name, v in headers.items()}, body)

    def posted(self, source: str) -> dict[str, Any]:
        """The same as keyword arguments of a Flask test client's `open`."""
        line, headers, body = self._parts()
        method, path, _ = line.split(" ")
        path = path.replace("SOURCE", source)
        # The client says for itself which host it asks.
        headers = {name: v for name, v in headers.items() if name != "Host"}
        return {"method": method, "path": path, "headers": headers, "data": body}

    def _parts(self) -> tuple[str, dict[str, str], bytes]:
        raw = (self.folder / "request.http").read_bytes()
        head, _, body = raw.partition(b"\n\n")
        line, *headers = head.decode().splitlines()
        pairs = (header.split(": ", 1) for header in headers)
        return line, dict(pairs), body.removesuffix(b"\n")


@cache
def notifications() -> tuple[Notification, ...]:
    """All of them, by name."""
    folders = sorted((FIXTURES / "notifications").iterdir())
    return tuple(
        Notification(folder, yaml.safe_load((folder / "case.yaml").read_text()))
        for folder in folders
    )


def notification(name: str) -> Notification:
    """The one of that name."""
    return next(n for n in notifications() if n.name == name)


def told(delivery: Delivery) -> dict[str, Any]:
    """A delivery in the words of `case.yaml`: what is empty is left out."""
    said: dict[str, Any] = {"notices": [_told_notice(n) for n in delivery.notices]}
    if delivery.channel is not None:
        said["channel"] = _told_channel(delivery.channel)
    if delivery.answer is not None:
        said["answer"] = delivery.answer
    return said


def _told_notice(notice: Notice) -> dict[str, Any]:
    """`resource: true` where the content came along."""
    said = {
        "happening": str(notice.happening),
        "type": notice.type,
        "id": notice.id,
        "version": notice.version,
        "updated": notice.updated.isoformat() if notice.updated else None,
        "resource": notice.resource is not None,
        "number": notice.number,
        "at": notice.at,
        "where": notice.where,
    }
    return {name: value for name, value in said.items() if value not in ("", None, False)}


def _told_channel(word: ChannelWord) -> dict[str, Any]:
    said = {
        "subscription": word.subscription,
        "topic": word.topic,
        "kind": word.kind,
        "status": word.status,
        "so_far": word.so_far,
        "errors": list(word.errors),
    }
    return {name: value for name, value in said.items() if value not in ("", None, [])}
