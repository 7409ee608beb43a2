"""`/metrics`: how the exchange stands, as Prometheus reads it.

Read from the desk when it is asked for: every process of the service tells the one truth, and
nothing is counted in memory. Behind the token like the rest: there is no patient in it, but it
names the hospital's servers and says how much they send; Prometheus sends a token where its
`authorization` has one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from flask import Blueprint, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from service import __version__
from service.usecases.exchange.desk import State
from service.usecases.exchange.status import Standing, status
from service.web.parts import Parts

_Read = Callable[[Standing], float | None]

#: Name, help, and how it is read; None leaves the source out.
_GAUGES: tuple[tuple[str, str, _Read], ...] = (
    (
        "her2_notice_oldest_waiting_seconds",
        "Age of the oldest notice that waits to be worked on; 0 when none does.",
        lambda s: s.seconds_since(s.counts.oldest_waiting) or 0.0,
    ),
    (
        "her2_last_notice_age_seconds",
        "Time since the source delivered anything; absent when it never did.",
        lambda s: s.seconds_since(s.state.last_notice),
    ),
    (
        "her2_outbox_depth",
        "Patients whose plans the source is still to get, without those that are parked.",
        lambda s: s.counts.owed,
    ),
    (
        "her2_outbox_oldest_seconds",
        "Age of the oldest change that the source did not get, parked or not; 0 for none.",
        lambda s: s.seconds_since(s.counts.oldest_owed) or 0.0,
    ),
    (
        "her2_outbox_parked",
        "Patients whose plans were given up on and wait for a person (her2 outbox retry).",
        lambda s: s.counts.parked,
    ),
    ("her2_gaps", "Events of the source's subscriptions that did not come.", lambda s: s.gaps),
    (
        "her2_quarantine",
        "Deliveries and notices that wait for a person (her2 quarantine list).",
        lambda s: s.quarantined,
    ),
    (
        "her2_source_failing",
        "1 while the source or where its plans go cannot be reached, else 0.",
        lambda s: float(s.state.failing_since is not None),
    ),
)


def metrics(parts: Parts) -> Blueprint:
    """Prometheus' text format, version 0.0.4; 503 when the database is away."""
    doors = Blueprint("metrics", __name__)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Exchange(parts))

    @doors.get("/metrics")
    def all_of_them() -> Response:
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)

    return doors


class _Exchange:
    """What Prometheus' library calls a collector."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def collect(self) -> Iterator[Metric]:
        """Everything is read before the first of it is told."""
        now = self._parts.clock()
        standings = [status(trading, now) for trading in self._parts.tradings.values()]
        yield self._build()
        yield _by_state(standings)
        for name, told, read in _GAUGES:
            gauge = GaugeMetricFamily(name, told, labels=["source"])
            for standing in standings:
                if (value := read(standing)) is not None:
                    gauge.add_metric([standing.source.name], value)
            yield gauge

    def _build(self) -> Metric:
        library = self._parts.library
        editions = {
            "version": __version__,
            "guideline": library.guideline_on(self._parts.clock().date()).identity,
            "therapy": f"{library.therapy.identity}|{library.therapy.version}",
        }
        text = "The version of the service, and the editions that it assesses by today."
        return InfoMetricFamily("her2_build", text, editions)


def _by_state(standings: Iterable[Standing]) -> Metric:
    gauge = GaugeMetricFamily(
        "her2_notices", "Notices that are kept, by what became of them.", labels=["source", "state"]
    )
    for standing in standings:
        for state in State:
            count = standing.counts.notices.get(state, 0)
            gauge.add_metric([standing.source.name, state.value], count)
    return gauge
