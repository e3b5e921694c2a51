"""The experiment store: the only thing between the pages and the training; all SQL is here."""

from sentiment_core.store.counts import Counting, Counts
from sentiment_core.store.files import Files
from sentiment_core.store.flips import Flips
from sentiment_core.store.lifecycle import Lifecycle
from sentiment_core.store.listing import Listing, Search
from sentiment_core.store.measurements import Measurements
from sentiment_core.store.outbox import Outbox, patiently
from sentiment_core.store.people import People, Room
from sentiment_core.store.queue import TRAINING
from sentiment_core.store.records import Experiment, Places, Request, RequestKind, Run, Work, Worker, WorkProgress
from sentiment_core.store.source import RunSource, rows_of, table

__all__ = [
    "TRAINING",
    "Counts",
    "Experiment",
    "Outbox",
    "Places",
    "Request",
    "RequestKind",
    "Room",
    "Run",
    "RunSource",
    "Search",
    "Store",
    "Work",
    "WorkProgress",
    "Worker",
    "patiently",
    "rows_of",
    "table",
]


class Store(Files, Listing, Lifecycle, Measurements, People, Flips, Counting):
    """All experiments with what they measured. Safe to share between threads; any number of processes may open it."""
