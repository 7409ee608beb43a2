"""A small, honest FHIR R4 server on loopback, in a thread or as a process of its own.

    python -m tests.support.fhir_stub --port N --file state.json

What HAPI does is done here too: no new version when nothing changed, ids of digits alone are for
the server to give, unknown search parameters are refused, pages are forgotten at a restart. It
does not validate. Beside FHIR, at the root:

    POST /__faults   {"mode": "ok|refuse|slow|cut|500|503", "seconds":, "retry_after":, "times":,
                     "method":}
                     refuse: closes without an answer; cut: does the work, then answers half;
                     method: only requests of this one are harmed
    GET  /__log      every request so far: method, path, status (0: not answered)
    GET  /__count?type=CarePlan   {"count": not deleted, "versions": ever written}
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from service.core.errors import NotFhir
from service.fhir.json import decode, encode

Resource = dict[str, Any]
PATH = "/fhir"
PAGE = 20
_ORDER = {"DELETE": 0, "POST": 1, "PUT": 2}
_IGNORED = {"_format", "_pretty", "_total", "_sort", "_summary", "_count", "_since"}


class Refusal(Exception):
    """An answer other than 2xx."""

    def __init__(self, status: int, text: str, code: str = "processing") -> None:
        super().__init__(text)
        self.status, self.text, self.code = status, text, code


@dataclass
class Reply:
    """What is answered."""

    status: int
    body: Resource | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Version:
    """One version; resource None: deleted."""

    type: str
    id: str
    number: int
    method: str
    updated: str
    resource: Resource | None

    @property
    def key(self) -> tuple[str, str]:
        return (self.type, self.id)


class Kept:
    """Every version of every resource; with a file, one line a commit, on the disk at its end."""

    def __init__(self, file: Path | None = None) -> None:
        self.all: list[Version] = []
        self.newest: dict[tuple[str, str], Version] = {}
        self._file = None
        if file:
            self._load(file)
            self._file = file.open("ab")

    def _load(self, file: Path) -> None:
        said = file.read_bytes() if file.exists() else b""
        whole = said[: said.rfind(b"\n") + 1]  # a line that a kill cut was never answered
        if len(whole) < len(said):
            os.truncate(file, len(whole))
        for line in whole.splitlines():
            self._take([Version(**v) for v in decode(line)])

    def commit(self, versions: list[Version]) -> None:
        """All of them, or none when the process is killed."""
        if self._file and versions:
            self._file.write(encode([vars(v) for v in versions]) + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        self._take(versions)

    def _take(self, versions: list[Version]) -> None:
        self.all += versions
        self.newest |= {v.key: v for v in versions}


class Fhir:
    """The interactions, over what is kept and what a request is about to keep."""

    def __init__(
        self,
        file: Path | None = None,
        update_create: bool = True,
        conditional_update: bool = True,
        history: bool = True,
    ) -> None:
        self.lock = threading.RLock()
        self.kept = Kept(file)
        self.base = ""
        self.update_create = update_create
        self.conditional_update = conditional_update
        self.history_offered = history
        self._staged: dict[tuple[str, str], Version] = {}
        self._pages: dict[str, tuple[str, list[Resource], int, int]] = {}
        self._last = datetime.now(UTC)

    # --- reading

    def capability(self) -> Resource:
        codes = ["read", "vread", "update", "delete", "create", "search-type"]
        codes += ["history-type", "history-instance"] if self.history_offered else []
        kinds = (
            "Patient Observation Condition DiagnosticReport Specimen CarePlan Provenance"
            " MedicationKnowledge MedicationRequest PlanDefinition Subscription Procedure"
            " MedicationStatement MedicationAdministration AllergyIntolerance"
        )
        return {
            "resourceType": "CapabilityStatement",
            "status": "active",
            "date": "2026-01-01",
            "kind": "instance",
            "implementation": {"description": "a stub for tests", "url": self.base},
            "fhirVersion": "4.0.1",
            "format": ["application/fhir+json"],
            "rest": [
                {
                    "mode": "server",
                    "interaction": [{"code": "transaction"}],
                    "resource": [
                        {
                            "type": kind,
                            "interaction": [{"code": c} for c in codes],
                            "versioning": "versioned",
                            "updateCreate": self.update_create,
                            "conditionalCreate": True,
                            "conditionalUpdate": self.conditional_update,
                        }
                        for kind in kinds.split()
                    ],
                }
            ],
        }

    def read(self, kind: str, id: str) -> Reply:
        version = self._newest(kind, id)
        if version is None:
            raise Refusal(404, f"Resource {kind}/{id} is not known", "not-found")
        if version.resource is None:
            raise Refusal(410, f"Resource was deleted at {version.updated}", "deleted")
        return Reply(200, version.resource, self._headers(version))

    def vread(self, kind: str, id: str, number: str) -> Reply:
        for version in self.kept.all:
            if version.key == (kind, id) and str(version.number) == number:
                if version.resource is None:
                    raise Refusal(410, "Resource was deleted", "deleted")
                return Reply(200, version.resource, self._headers(version))
        raise Refusal(404, "Version is not known", "not-found")

    def search(self, kind: str, query: list[tuple[str, str]]) -> Reply:
        found = sorted(self._matching(kind, query), key=lambda v: v.updated)
        if ("_sort", "-_lastUpdated") in query:
            found.reverse()
        entries = [
            {
                "fullUrl": f"{self.base}/{v.type}/{v.id}",
                "resource": v.resource,
                "search": {"mode": "match"},
            }
            for v in found
        ]
        return self._paged("searchset", entries, _count(query))

    def history(self, kind: str, id: str, query: list[tuple[str, str]]) -> Reply:
        if not self.history_offered:
            raise Refusal(400, "history is not offered", "not-supported")
        since = dict(query).get("_since")
        found = [
            v
            for v in reversed(self.kept.all)
            if v.type == kind
            and (not id or v.id == id)
            and (since is None or _when(v.updated) >= _when(since))
        ]
        if id and not found and since is None:
            raise Refusal(404, f"Resource {kind}/{id} is not known", "not-found")
        return self._paged("history", [self._history_entry(v) for v in found], _count(query))

    def page(self, token: str) -> Reply:
        with self.lock:
            if token not in self._pages:
                raise Refusal(410, "Search ID does not exist and may have expired", "expired")
            kind, entries, at, count = self._pages[token]
            return self._page(kind, entries, at, count)

    def _paged(self, kind: str, entries: list[Resource], count: int) -> Reply:
        return self._page(kind, entries, 0, count)

    def _page(self, kind: str, entries: list[Resource], at: int, count: int) -> Reply:
        bundle: Resource = {
            "resourceType": "Bundle",
            "id": str(uuid.uuid4()),
            "meta": {"lastUpdated": self._now()},
            "type": kind,
            "total": len(entries),
            "link": [{"relation": "self", "url": self.base}],
        }
        if at + count < len(entries):
            token = str(uuid.uuid4())
            self._pages[token] = (kind, entries, at + count, count)
            bundle["link"].append({"relation": "next", "url": f"{self.base}?_getpages={token}"})
        if shown := entries[at : at + count]:
            bundle["entry"] = shown
        return Reply(200, bundle)

    def _history_entry(self, v: Version) -> Resource:
        address = v.type if v.method == "POST" else f"{v.type}/{v.id}"
        entry: Resource = {
            "fullUrl": f"{self.base}/{v.type}/{v.id}",
            "resource": v.resource,
            "request": {"method": v.method, "url": address},
            "response": {
                "status": "204" if v.resource is None else "201" if v.number == 1 else "200",
                "etag": f'W/"{v.number}"',
                "lastModified": v.updated,
            },
        }
        return {name: value for name, value in entry.items() if value is not None}

    def _newest(self, kind: str, id: str) -> Version | None:
        return self._staged.get((kind, id)) or self.kept.newest.get((kind, id))

    def _matching(self, kind: str, query: list[tuple[str, str]]) -> list[Version]:
        tests = [_test(name, value) for name, value in query if name not in _IGNORED]
        current = self.kept.newest | self._staged
        return [
            v
            for v in current.values()
            if v.type == kind and v.resource is not None and all(t(v.resource) for t in tests)
        ]

    # --- writing: every `_put` stages a version, `_commit` keeps what is staged

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self.lock:
            try:
                yield
                self.kept.commit(list(self._staged.values()))
            finally:
                self._staged = {}

    def create(self, kind: str, resource: Resource, if_none_exist: str = "") -> Reply:
        with self._writing():
            return self._create(kind, resource, if_none_exist)

    def update(self, kind: str, id: str, resource: Resource, if_match: str = "") -> Reply:
        with self._writing():
            return self._update(kind, id, resource, if_match)

    def update_where(self, kind: str, criteria: str, resource: Resource) -> Reply:
        with self._writing():
            return self._update_where(kind, criteria, resource)

    def delete(self, kind: str, id: str) -> Reply:
        with self._writing():
            return self._delete(kind, id)

    def transaction(self, bundle: Resource) -> Reply:
        """All or nothing; answers in the order of the entries."""
        if bundle.get("resourceType") != "Bundle" or bundle.get("type") != "transaction":
            raise Refusal(400, "Only Bundles of type transaction are processed", "not-supported")
        entries = deepcopy(bundle.get("entry", []))
        with self._writing():
            targets = self._targets(entries)
            _replace(entries, {was: now for was, now in targets.items() if was})
            self._conditional_references(entries)
            answers: dict[int, Resource] = {}
            asked = [e.get("request", {}).get("method") for e in entries]
            if unknown := set(asked) - set(_ORDER):
                raise Refusal(400, f"Bundle.entry.request.method {unknown} is not offered")
            for i in sorted(range(len(entries)), key=lambda i: _ORDER[asked[i]]):
                answers[i] = self._entry(entries[i], targets.get(entries[i].get("fullUrl", "")))
        done = [answers[i] for i in range(len(entries))]
        return Reply(200, {"resourceType": "Bundle", "type": "transaction-response", "entry": done})

    def _targets(self, entries: list[Resource]) -> dict[str, str]:
        """What each urn:uuid of the Bundle will be, as `Type/id`."""
        found: dict[str, str] = {}
        for entry in entries:
            full, request = entry.get("fullUrl", ""), entry.get("request", {})
            if not full.startswith("urn:"):
                continue
            kind, _, criteria = request.get("url", "").partition("?")
            if request.get("method") == "PUT" and "/" in kind:
                found[full] = kind
                continue
            criteria = criteria or _criteria(request.get("ifNoneExist", ""))
            there = self._one(kind, criteria) if criteria else None
            taken = {*found.values()}
            found[full] = f"{kind}/{there.id if there else self._new_id(taken)}"
        return found

    def _conditional_references(self, entries: list[Resource]) -> None:
        wanted = {r for r in _references(entries) if "?" in r and not r.startswith("urn:")}
        for reference in wanted:
            kind, _, criteria = reference.partition("?")
            there = self._one(kind, criteria)
            if there is None:
                raise Refusal(412, "A conditional reference matches nothing", "not-found")
            _replace(entries, {reference: f"{kind}/{there.id}"})
        if any(r.startswith("urn:uuid:") for r in _references(entries)):
            raise Refusal(400, "A reference to a urn:uuid is not in the Bundle")

    def _entry(self, entry: Resource, target: str | None) -> Resource:
        request, resource = entry["request"], entry.get("resource", {})
        path, _, criteria = request.get("url", "").partition("?")
        kind, _, id = path.partition("/")
        new_id = target.partition("/")[2] if target else ""
        if request["method"] == "DELETE":
            reply = self._delete(kind, id)
        elif request["method"] == "POST":
            wanted = _criteria(request.get("ifNoneExist", ""))
            reply = self._create(kind, resource, wanted, new_id)
        elif criteria:
            reply = self._update_where(kind, criteria, resource, new_id)
        else:
            reply = self._update(kind, id, resource, request.get("ifMatch", ""))
        words = {200: "200 OK", 201: "201 Created", 204: "204 No Content"}
        said = {"status": words[reply.status]}
        names = {"Location": "location", "ETag": "etag"}
        said |= {names[n]: v for n, v in reply.headers.items() if n in names}
        if "location" in said:  # relative, as HAPI writes it
            said["location"] = said["location"].removeprefix(f"{self.base}/")
        if "ETag" in reply.headers and reply.body:
            said["lastModified"] = reply.body["meta"]["lastUpdated"]
        return {"response": said}

    def _create(
        self, kind: str, resource: Resource, if_none_exist: str = "", id: str = ""
    ) -> Reply:
        _same_type(kind, resource)
        if if_none_exist and (there := self._one(kind, if_none_exist)):
            return Reply(200, there.resource, self._headers(there))
        return self._stage(kind, id or self._new_id(), resource, "POST")

    def _update(self, kind: str, id: str, resource: Resource, if_match: str = "") -> Reply:
        _same_type(kind, resource)
        if resource.get("id") != id:
            raise Refusal(400, "The id of the resource is not the one of the address")
        there = self._newest(kind, id)
        if if_match and (there is None or if_match != f'W/"{there.number}"'):
            raise Refusal(412, "If-Match is not the current version", "conflict")
        if there is None and not self.update_create:
            raise Refusal(405, "Clients may not choose ids here", "not-supported")
        if there is None and id.isdigit():
            raise Refusal(400, "An id that a client chooses must hold a letter")
        return self._stage(kind, id, resource, "PUT")

    def _update_where(
        self, kind: str, criteria: str, resource: Resource, new_id: str = ""
    ) -> Reply:
        _same_type(kind, resource)
        if not self.conditional_update:
            raise Refusal(400, "Conditional updates are not offered", "not-supported")
        there = self._one(kind, criteria)
        return self._stage(kind, there.id if there else new_id or self._new_id(), resource, "PUT")

    def _delete(self, kind: str, id: str) -> Reply:
        there = self._newest(kind, id)
        if there is not None and there.resource is not None:
            gone = Version(kind, id, there.number + 1, "DELETE", self._now(), None)
            self._staged[gone.key] = gone
        return Reply(204)

    def _stage(self, kind: str, id: str, resource: Resource, method: str) -> Reply:
        if (kind, id) in self._staged:
            raise Refusal(400, "A transaction may hold a resource once")
        there = self.kept.newest.get((kind, id))
        kept = {"resourceType": kind, "id": id} | deepcopy(resource) | {"id": id}
        if kind == "Subscription" and kept.get("status") == "requested":
            kept["status"] = "active"
        if there and there.resource and _content(there.resource) == _content(kept):
            return Reply(200, there.resource, self._headers(there))
        number, updated = (there.number + 1 if there else 1), self._now()
        kept["meta"] = kept.get("meta", {}) | {"versionId": str(number), "lastUpdated": updated}
        version = Version(kind, id, number, method, updated, kept)
        self._staged[version.key] = version
        anew = there is None or there.resource is None
        return Reply(201 if anew else 200, kept, self._headers(version))

    def _one(self, kind: str, criteria: str) -> Version | None:
        query = parse_qsl(criteria, keep_blank_values=True)
        if not query:
            raise Refusal(412, "The criteria are empty")
        found = self._matching(kind, query)
        if len(found) > 1:
            raise Refusal(412, f"The criteria match {len(found)} resources", "multiple-matches")
        return found[0] if found else None

    def _new_id(self, taken: set[str] | None = None) -> str:
        used = [int(id) for _, id in [*self.kept.newest, *self._staged] if id.isdigit()]
        used += [int(t.rpartition("/")[2]) for t in taken or () if t.rpartition("/")[2].isdigit()]
        return str(max(used, default=0) + 1)

    def _headers(self, version: Version) -> dict[str, str]:
        return {
            "ETag": f'W/"{version.number}"',
            "Location": f"{self.base}/{version.type}/{version.id}/_history/{version.number}",
            "Last-Modified": formatdate(_when(version.updated).timestamp(), usegmt=True),
        }

    def _now(self) -> str:
        """Each later than the one before, to the millisecond."""
        with self.lock:
            self._last = max(datetime.now(UTC), self._last + timedelta(milliseconds=1))
            return self._last.isoformat(timespec="milliseconds").replace("+00:00", "Z")


# --- searching


def _test(name: str, value: str) -> Callable[[Resource], bool]:
    """Whether a resource meets one search parameter; commas mean or."""
    options = value.split(",")
    base = name.partition(":")[0]
    if base == "_id":
        return lambda r: r["id"] in options
    if base in ("patient", "subject"):
        return lambda r: any(_refers(r, option) for option in options)
    if base in _TOKENS:
        return lambda r: any(_token(t, o) for t in _TOKENS[base](r) for o in options)
    if base == "_lastUpdated":
        return lambda r: _compared(r["meta"]["lastUpdated"], value)
    if base in ("url", "criteria", "status"):
        return lambda r: any(
            o in (r.get(base), r.get("channel", {}).get("endpoint") if base == "url" else None)
            for o in options
        )
    raise Refusal(400, f"Unknown search parameter {base!r}", "not-supported")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


_TOKENS: dict[str, Callable[[Resource], list[Resource]]] = {
    "code": lambda r: r.get("code", {}).get("coding", []),
    "category": lambda r: [c for x in _listed(r.get("category")) for c in x.get("coding", [])],
    "identifier": lambda r: [
        {"system": i.get("system"), "code": i.get("value")} for i in _listed(r.get("identifier"))
    ],
    "_tag": lambda r: r.get("meta", {}).get("tag", []),
}


def _token(coding: Resource, wanted: str) -> bool:
    system, bar, code = wanted.rpartition("|")
    if not bar:
        return coding.get("code") == code
    return (coding.get("system") or "") == system and (not code or coding.get("code") == code)


def _refers(resource: Resource, wanted: str) -> bool:
    said = resource.get("subject") or resource.get("patient") or {}
    reference = said.get("reference", "") if isinstance(said, dict) else ""
    wanted = wanted if "/" in wanted else f"Patient/{wanted}"
    return reference == wanted or reference.endswith(f"/{wanted}")


def _compared(updated: str, wanted: str) -> bool:
    prefix, rest = (wanted[:2], wanted[2:]) if wanted[:2].isalpha() else ("eq", wanted)
    here, there = _when(updated), _when(rest)
    held = {"ge": here >= there, "gt": here > there, "le": here <= there, "lt": here < there}
    return held.get(prefix, here == there)


def _when(said: str) -> datetime:
    try:
        found = datetime.fromisoformat(said)
    except ValueError:
        raise Refusal(400, "Not a date", "value") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _count(query: list[tuple[str, str]]) -> int:
    said = dict(query).get("_count", "")
    return max(1, min(int(said), 1000)) if said.isdigit() else PAGE


# --- bodies


def _same_type(kind: str, resource: Any) -> None:
    if not isinstance(resource, dict) or resource.get("resourceType") != kind:
        raise Refusal(400, f"The body is no {kind}", "invalid")


def _content(resource: Resource) -> Resource:
    """Without what the server writes into it itself."""
    meta = resource.get("meta", {})
    rest = {k: v for k, v in meta.items() if k not in ("versionId", "lastUpdated")}
    return {k: v for k, v in resource.items() if k != "meta"} | ({"meta": rest} if rest else {})


def _criteria(if_none_exist: str) -> str:
    """A bare query, or what follows the question mark of an address."""
    return if_none_exist.rpartition("?")[2]


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        said = value.get("reference")
        if isinstance(said, str):
            yield said
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def _replace(entries: list[Resource], names: dict[str, str]) -> None:
    """Each name by what it stands for, within the resources."""

    def replaced(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: replaced(v) for k, v in value.items()}
        if isinstance(value, list):
            return [replaced(v) for v in value]
        return names.get(value, value) if isinstance(value, str) else value

    for entry in entries:
        if "resource" in entry:
            entry["resource"] = replaced(entry["resource"])


def outcome(text: str, code: str = "processing") -> Resource:
    """An OperationOutcome with one issue."""
    issue = {"severity": "error", "code": code, "diagnostics": text}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


# --- HTTP


class StubServer(ThreadingHTTPServer):
    """The server, what it keeps, what goes wrong with it and what it was asked."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, fhir: Fhir) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.fhir = fhir
        fhir.base = f"http://127.0.0.1:{self.server_address[1]}{PATH}"
        self.faults: dict[str, Any] = {"mode": "ok"}
        self.log: list[dict[str, Any]] = []
        self.guard = threading.Lock()

    @property
    def base(self) -> str:
        """Its address."""
        return self.fhir.base

    def fault(self, mode: str = "ok", **named: Any) -> None:
        """As `POST /__faults` does."""
        with self.guard:
            self.faults = {"mode": mode, **named}

    def next_fault(self, method: str) -> dict[str, Any]:
        """What goes wrong with the request that has come."""
        with self.guard:
            now = dict(self.faults)
            if now.get("method", method) != method:
                return {"mode": "ok"}
            times = now.get("times")
            if times is not None:
                self.faults["times"] = times - 1
                if times <= 0:
                    self.faults = now = {"mode": "ok"}
            return now

    def count(self, kind: str) -> dict[str, int]:
        """How many there are, and how many versions were ever written."""
        with self.fhir.lock:
            kept = self.fhir.kept
            there = [v for v in kept.newest.values() if v.type == kind and v.resource is not None]
            return {"count": len(there), "versions": sum(v.type == kind for v in kept.all)}

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away in between are part of the tests."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: StubServer

    def log_message(self, *_: Any) -> None:
        """Nothing is printed: `/__log` tells."""

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if self.path.startswith(("/__", "/health")):
            self._send(*self._control(body))
            return
        fault = self.server.next_fault(self.command)
        mode = fault["mode"]
        if mode == "refuse":
            self._noted(0)
            self.close_connection = True
            return
        if mode == "slow":
            time.sleep(float(fault.get("seconds", 1)))
        if mode in ("500", "503"):
            wait = fault.get("retry_after")
            headers = {} if wait is None else {"Retry-After": str(wait)}
            reply = Reply(int(mode), outcome("A fault that was asked for"), headers)
        else:
            reply = self._fhir(body)
        self._noted(0 if mode == "cut" else reply.status)
        said = b"" if reply.body is None else encode(reply.body)
        if "return=minimal" in self.headers.get("Prefer", "") and self._wrote(reply):
            said = b""
        self._send(reply.status, said, reply.headers, cut=mode == "cut")

    do_GET = do_POST = do_PUT = do_DELETE = _answer

    def _wrote(self, reply: Reply) -> bool:
        body = reply.body or {}
        return (
            self.command in ("POST", "PUT")
            and reply.status < 300
            and body.get("type") != "transaction-response"
        )

    def _noted(self, status: int) -> None:
        self.server.log.append({"method": self.command, "path": self.path, "status": status})

    def _send(
        self, status: int, body: bytes, headers: dict[str, str] | None = None, cut: bool = False
    ) -> None:
        self.close_connection = self.close_connection or cut
        if cut and status == 204:
            return  # an answer without a body has no middle
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Type", "application/fhir+json;charset=utf-8")
            self.send_header("Content-Length", str(len(body) + 100 * cut))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)

    def _control(self, body: bytes) -> tuple[int, bytes]:
        path, _, query = self.path.partition("?")
        if path == "/__faults" and self.command == "POST":
            self.server.fault(**decode(body))
            return 200, b"{}"
        if path == "/__log":
            return 200, encode(self.server.log)
        if path == "/__count":
            return 200, encode(self.server.count(dict(parse_qsl(query)).get("type", "")))
        return (200, b"{}") if path == "/health/live" else (404, b"{}")

    def _fhir(self, body: bytes) -> Reply:
        try:
            with self.server.fhir.lock:
                return self._route(body)
        except Refusal as refusal:
            return Reply(refusal.status, outcome(refusal.text, refusal.code))

    def _route(self, body: bytes) -> Reply:
        fhir = self.server.fhir
        address = urlsplit(self.path)
        if not re.match(rf"{PATH}(/|$)", address.path):
            raise Refusal(404, "Not below the base", "not-found")
        parts = [p for p in address.path[len(PATH) :].split("/") if p]
        query = parse_qsl(address.query, keep_blank_values=True)
        resource = self._resource(body) if self.command in ("POST", "PUT") else {}
        match [self.command, *parts]:
            case ["GET", "metadata"]:
                return Reply(200, fhir.capability())
            case ["GET"] if "_getpages" in dict(query):
                return fhir.page(dict(query)["_getpages"])
            case ["GET", kind]:
                return fhir.search(kind, query)
            case ["GET", kind, "_history"]:
                return fhir.history(kind, "", query)
            case ["GET", kind, id]:
                return fhir.read(kind, id)
            case ["GET", kind, id, "_history"]:
                return fhir.history(kind, id, query)
            case ["GET", kind, id, "_history", number]:
                return fhir.vread(kind, id, number)
            case ["POST"]:
                return fhir.transaction(resource)
            case ["POST", kind]:
                return fhir.create(kind, resource, _criteria(self.headers.get("If-None-Exist", "")))
            case ["PUT", kind] if address.query:
                return fhir.update_where(kind, address.query, resource)
            case ["PUT", kind, id]:
                return fhir.update(kind, id, resource, self.headers.get("If-Match", ""))
            case ["DELETE", kind, id]:
                return fhir.delete(kind, id)
        raise Refusal(405, "Not offered", "not-supported")

    def _resource(self, body: bytes) -> Resource:
        if "json" not in self.headers.get("Content-Type", ""):
            raise Refusal(415, "Only JSON is read", "not-supported")
        try:
            said = decode(body)
        except NotFhir:
            raise Refusal(400, "The body is no JSON", "structure") from None
        if not isinstance(said, dict):
            raise Refusal(400, "The body is no resource", "structure")
        return said


@contextmanager
def running(port: int = 0, file: Path | None = None, **options: bool) -> Iterator[StubServer]:
    """The server in a thread. options: `update_create`, `conditional_update`, `history`."""
    server = StubServer(port, Fhir(file, **options))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def main() -> None:
    """As a process: until SIGTERM, or until it is killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--file", type=Path)
    for name in ("update-create", "conditional-update", "history"):
        parser.add_argument(f"--no-{name}", action="store_true")
    asked = parser.parse_args()
    fhir = Fhir(
        asked.file,
        update_create=not asked.no_update_create,
        conditional_update=not asked.no_conditional_update,
        history=not asked.no_history,
    )
    server = StubServer(asked.port, fhir)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server.serve_forever(0.1)


if __name__ == "__main__":
    main()
