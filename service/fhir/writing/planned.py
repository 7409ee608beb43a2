"""The form of a plan's parts, which `r4/plan_form.py` and `r5/plan_form.py` fill in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from service.fhir.writing.activity import Activity, Reference

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Planned:
    """The activities of a plan as it has them, and the resources in it that they name."""

    activity: list[Json]
    contained: list[Json]

    def containing(self) -> dict[str, list[Json]]:
        """`contained`, where there is something in it."""
        return {"contained": self.contained} if self.contained else {}


@dataclass(frozen=True, slots=True)
class PlanForm:
    """author: the element that names this software. choice: the resource type of `#choice`.

    addressed: references to diagnoses as the plan has them. planned: activities of a subject,
    and before them the choice of regimens, when there is one.
    """

    author: str
    choice: str
    addressed: Callable[[Sequence[Reference]], list[Json]]
    planned: Callable[[Sequence[Activity], Reference, Json | None], Planned]
