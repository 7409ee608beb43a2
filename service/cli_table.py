"""An answer as a person reads it in a terminal. It prints what the Bundle says, nothing more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from service.core.errors import RequestRefused
from service.web.codings import codes_in

Resource = dict[str, Any]

NUMBERS = {
    "her2-cep17-ratio": "HER2/CEP17",
    "her2-copies": "HER2 copies a cell",
    "cep17-copies": "CEP17 copies a cell",
}


def print_answer(answer: Resource, console: Console | None = None) -> None:
    """Print a collection or transaction Bundle of `$assess-her2`, patient by patient."""
    out = console or Console(highlight=False, emoji=False, markup=False)
    entries = _printable(answer.get("entry", []))
    by_address = {entry.get("fullUrl"): entry["resource"] for entry in entries}
    resources = [entry["resource"] for entry in entries]
    for patient in dict.fromkeys(map(_subject, _of_type(resources, "Observation"))):
        out.rule(Text(patient or "No patient is named"), align="left")
        theirs = [r for r in resources if _subject(r) == patient]
        for observation in _of_type(theirs, "Observation"):
            _print_observation(out, observation)
        for plan in _of_type(theirs, "CarePlan"):
            if "partOf" not in plan:
                _print_plan(out, plan, by_address)
    for outcome in _of_type(resources, "OperationOutcome"):
        _print_remarks(out, outcome)


def print_refusal(refusal: RequestRefused) -> None:
    """Print on standard error each fault of a request that was refused, and where it is."""
    out = Console(stderr=True, highlight=False, emoji=False, markup=False)
    out.print("Refused: nothing was assessed.")
    for fault in refusal.faults:
        out.print(f"- {fault.where + ': ' if fault.where else ''}{fault.text}")


def _print_observation(out: Console, observation: Resource) -> None:
    grid = Table(show_header=False, box=None, padding=(0, 2), pad_edge=False)
    value = observation.get("valueCodeableConcept", {})
    grid.add_row(Text(_kind(observation)), Text(_reference(observation.get("specimen"))))
    _row(grid, "category", *codes_in(value, "her2-category"), observation.get("status", ""))
    _row(grid, "status", *codes_in(observation, "her2-binary-status"))
    _row(grid, "IHC", *_answers(observation, "ihc-score"))
    _row(grid, "ISH group", *codes_in(observation, "her2-ish-group"))
    for name, title in NUMBERS.items():
        _row(grid, title, *_answers(observation, name))
    _row(grid, "rules met", *codes_in(observation, "her2-rule"))
    _row(grid, "flags", *codes_in(observation, "her2-flag"))
    _row(grid, "next step", *codes_in(observation, "her2-next-step"))
    _row(grid, "says", value.get("text", ""))
    for note in observation.get("note", []):
        _row(grid, "note", note.get("text", ""))
    out.print(grid)
    out.print()


def _print_plan(out: Console, plan: Resource, by_address: dict[str | None, Resource]) -> None:
    kinds = codes_in(plan.get("category", []), "her2-plan-kind")
    out.print(f"Plan: {', '.join(kinds)}")
    out.print(f"  {plan.get('title', '')}")
    for note in plan.get("note", []):
        _print_text(out, note.get("text", ""), indent=2)
    for number, option in enumerate(_chosen(plan), 1):
        resource = by_address.get(option.get("resource", ""))
        _print_option(out, number, option.get("title", ""), resource)
    details = list(_details(plan))
    for title, wanted in (("To do", False), ("Not to be given", True)):
        listed = [d for d in details if bool(d.get("doNotPerform")) is wanted]
        if listed:
            out.print(f"  {title}")
        for detail in listed:
            _print_activity(out, detail)
    out.print()


def _print_option(out: Console, number: int, title: str, option: Resource | None) -> None:
    """A regimen: rank, status, its drugs, and every sentence that speaks for or against it."""
    said = (option or {}).get("category", [])
    words = codes_in(said, "her2-suggestion-rank") + codes_in(said, "her2-suggestion-status")
    _print_text(out, f"Option {number}: {title} ({', '.join(words)})", indent=2)
    for detail in _details(option or {}):
        drug = detail.get("productCodeableConcept", {}).get("text", "")
        waits = " (on hold)" if detail.get("status") == "on-hold" else ""
        _print_text(out, f"{drug}: {detail.get('description', '')}{waits}", indent=6)
    for note in (option or {}).get("note", []):
        _print_text(out, f"- {note.get('text', '')}", indent=4)


def _print_activity(out: Console, detail: Resource) -> None:
    code = detail.get("code", {})
    words = code.get("text") or ", ".join(c.get("code", "") for c in code.get("coding", []))
    reasons = [
        reason.get("text") or ", ".join(c.get("code", "") for c in reason.get("coding", []))
        for reason in detail.get("reasonCode", [])
    ]
    because = f" [{'; '.join(reasons)}]" if reasons else ""
    _print_text(out, f"- {words}{because}", indent=4)


def _details(plan: Resource) -> Iterable[Resource]:
    """The activities of a plan but for the choice: R4's `detail`, and R5's requests as such."""
    contained = {f"#{inner.get('id')}": inner for inner in plan.get("contained", [])}
    for activity in plan.get("activity", []):
        if "detail" in activity:
            yield activity["detail"]
        request = contained.get(_reference(activity.get("plannedActivityReference")), {})
        if request.get("resourceType") in ("ServiceRequest", "MedicationRequest"):
            yield {
                "status": request.get("status"),
                "doNotPerform": request.get("doNotPerform", False),
                "code": request.get("code", {}).get("concept", {}),
                "reasonCode": [r["concept"] for r in request.get("reason", []) if "concept" in r],
                "productCodeableConcept": request.get("medication", {}).get("concept", {}),
                "description": request.get("dosageInstruction", [{}])[0].get("text", ""),
            }


def _print_text(out: Console, text: str, indent: int) -> None:
    """Wrapped text that keeps its indent."""
    for line in text.split("\n"):
        out.print(Padding(Text(line), (0, 0, 0, indent)))


def _print_remarks(out: Console, outcome: Resource) -> None:
    out.print("Remarks")
    for issue in outcome.get("issue", []):
        where = ", ".join(issue.get("expression", []))
        text = issue.get("details", {}).get("text", "")
        out.print(f"  {issue.get('severity')}: {text}{f' ({where})' if where else ''}")


def _chosen(plan: Resource) -> Iterable[Resource]:
    """The options of `#choice` in order, each with `title` and the `resource` it stands for."""
    for group in plan.get("contained", []):
        if group.get("id") == "choice":
            for choice in group.get("action", []):
                for action in choice.get("action", []):
                    yield {"title": action.get("title"), "resource": _reference(action["resource"])}


def _answers(observation: Resource, name: str) -> Iterable[str]:
    """The values of the component with our observable code `name`, digits as sent."""
    for component in observation.get("component", []):
        if name in codes_in(component.get("code"), "her2-observable"):
            quantity = component.get("valueQuantity")
            if quantity:
                yield f"{quantity.get('comparator', '')}{quantity.get('value')}"
            for coding in component.get("valueCodeableConcept", {}).get("coding", []):
                yield coding.get("display") or coding.get("code", "")


def _kind(observation: Resource) -> str:
    profiles = " ".join(observation.get("meta", {}).get("profile", []))
    for kind in ("specimen", "tumour"):
        if f"her2-{kind}-category" in profiles:
            return kind.capitalize()
    if "specimen" in observation:
        return "Specimen"  # a transaction names no profile
    return "Patient" if "subject" in observation else "Specimen"


def _row(grid: Table, title: str, *words: str) -> None:
    said = [word for word in words if word]
    if said:
        grid.add_row(Text(title), Text(", ".join(said)))


def _printable(value: Any) -> Any:
    """The same without control characters: what a sender wrote is not the terminal's to obey."""
    if isinstance(value, str):
        return "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in value)
    if isinstance(value, list):
        return [_printable(inner) for inner in value]
    return {k: _printable(v) for k, v in value.items()} if isinstance(value, dict) else value


def _subject(resource: Resource) -> str:
    return _reference(resource.get("subject"))


def _reference(value: Resource | None) -> str:
    """A reference as written; of a logical one the display, else the identifier."""
    value = value or {}
    identifier = value.get("identifier", {}).get("value", "")
    return str(value.get("reference") or value.get("display") or identifier)


def _of_type(resources: Iterable[Resource], name: str) -> list[Resource]:
    return [r for r in resources if r.get("resourceType") == name]
