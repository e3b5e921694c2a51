"""What this server counts of its own doing, for whoever watches it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.responses import Response

REGISTRY = CollectorRegistry()
_refresh = Histogram(
    "sentiment_lab_refresh_seconds",
    "Time in which a live plot's question was answered, waiting included.",
    registry=REGISTRY,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
)
_answers = Counter("sentiment_lab_answers", "Answers to live plots, by status code.", ["code"], registry=REGISTRY)
_problems = Counter("sentiment_lab_problems", "Warnings and errors in the log.", ["level"], registry=REGISTRY)


class CountProblems(logging.Handler):
    """Counts what the log says."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)

    def emit(self, record: logging.LogRecord) -> None:
        """Count one record."""
        _problems.labels(record.levelname.lower()).inc()


@contextmanager
def timed() -> Iterator[None]:
    """Measure the block as one refresh of a live plot."""
    with _refresh.time():
        yield


def answered(response: Response) -> Response:
    """Count an answer to a live plot, and return it."""
    _answers.labels(str(response.status_code)).inc()
    return response
