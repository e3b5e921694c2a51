"""What machines ask the server: does it work (`/healthz`), and how much does it do (`/metrics`, for Prometheus).

Both say numbers alone, of everybody together, and ask nobody who they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from starlette.requests import Request
from starlette.responses import Response

from sentiment_core.errors import SentimentLabError
from sentiment_core.store import Store
from ui.server import backend
from ui.server.shared_work import OverloadedError, SharedWork
from ui.server.tally import REGISTRY

HEALTH, METRICS = "/healthz", "/metrics"
UNCACHED = {"Cache-Control": "no-store"}

# Whoever asks often, or in crowds, waits for one and the same answer.
_work = SharedWork(threads=1, most_waiting=4)


async def healthz(_request: Request) -> Response:
    """Answer 200 when pages can be drawn: the store can be read; else 503 and the class of the error."""
    try:
        await _work.result("health", lambda: backend.shared_store().counts())
    except (SentimentLabError, OverloadedError) as error:
        return _document({"status": "unavailable", "error": type(error).__name__}, 503)
    return _document({"status": "ok"}, 200)


async def metrics(_request: Request) -> Response:
    """Answer what there is to count; 503 while the store cannot be read."""
    try:
        body = await _work.result("metrics", lambda: generate_latest(REGISTRY) + _counted(backend.shared_store()))
    except (SentimentLabError, OverloadedError) as error:
        return _document({"error": type(error).__name__}, 503)
    return Response(body, 200, UNCACHED, CONTENT_TYPE_LATEST)


def _counted(store: Store) -> bytes:
    """Return what the store counts, in Prometheus's text format."""
    counts = store.counts()
    work = GaugeMetricFamily("sentiment_lab_work", "Pieces of work by kind and status.", labels=["kind", "status"])
    for kind, statuses in (("training", counts.experiments), ("calculation", counts.calculations)):
        for status, count in statuses.items():
            work.add_metric([kind, status], count)
    rates = (
        GaugeMetricFamily(
            "sentiment_lab_updates_per_second", "Of all runs at work, since each began.", counts.updates_per_second
        ),
        GaugeMetricFamily(
            "sentiment_lab_tokens_per_second", "Of all runs at work, by what they said last.", counts.tokens_per_second
        ),
    )
    read = CollectorRegistry()
    read.register(_Read([work, *rates]))
    return generate_latest(read)


class _Read:
    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        yield from self._families


def _document(content: dict[str, str], code: int) -> Response:
    return Response(json.dumps(content), code, UNCACHED, "application/json")
