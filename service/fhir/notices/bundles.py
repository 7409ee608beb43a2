"""Bundles that are no notifications: each entry is a change by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from service.core.errors import Fault, NotFhir
from service.fhir.notices.entry import Entry, entry_of, notice_of
from service.fhir.notices.notice import Delivery, Notice
from service.fhir.notices.parts import all_of, list_at, not_fhir, text_at

#: Bundle.type -> that of the answer (R4 http.html#transaction-response), empty where none is due.
_ANSWERS = {
    "transaction": "transaction-response",
    "batch": "batch-response",
    "collection": "",
    "history": "",
}
_CHANGES = frozenset(["PUT", "POST", "PATCH", "DELETE"])


def read_bundle(bundle: Mapping[str, Any]) -> Delivery:
    """One notice an entry, in the order in which it happened.

    A transaction is HAPI's form of a Subscription with `payload-search-criteria`, and its client
    takes nothing but a Bundle for an answer. A history has the newest version first (R4
    http.html#history), so that it is read from its end.
    """
    kind = text_at(bundle, "type")
    if kind not in _ANSWERS:
        text = (
            "This Bundle is no notification. Those that are taken: transaction, batch, collection, "
            "history, and subscription-notification with a SubscriptionStatus in its first entry."
        )
        raise not_fhir(text, "Bundle.type", "not-supported")
    entries = list_at(bundle, "entry")
    notices = read_entries(entries, asked=bool(_ANSWERS[kind]))
    return Delivery(
        notices=notices[::-1] if kind == "history" else notices,
        answer=_answer(_ANSWERS[kind], len(entries)),
    )


def read_entries(
    entries: Iterable[object], *, asked: bool = False, first: int = 0
) -> tuple[Notice, ...]:
    """Their notices; NotFhir with the faults of all. asked: each must have a request.

    first: the number of the first in its Bundle.
    """
    notices: list[Notice] = []
    faults: list[Fault] = []
    for i, entry in enumerate(entries, first):
        try:
            read = entry_of(entry, f"Bundle.entry[{i}]")
            _check_method(read, asked)
            notices.append(notice_of(read))
        except NotFhir as refused:
            faults += refused.faults
    if faults:
        raise all_of(faults)
    return tuple(notices)


def _check_method(entry: Entry, asked: bool) -> None:
    if entry.method in _CHANGES or (not entry.method and not asked) or entry.deleted:
        return
    text = "A notification puts, posts, patches or deletes: this entry does none of them."
    raise not_fhir(text, f"{entry.where}.request.method", "value")


def _answer(kind: str, entries: int) -> dict[str, Any] | None:
    """One entry for each that was sent, in its order: taken, and worked on later."""
    if not kind:
        return None
    said: dict[str, Any] = {"resourceType": "Bundle", "type": kind}
    if entries:
        said["entry"] = [{"response": {"status": "202 Accepted"}} for _ in range(entries)]
    return said
