"""The experiment store: the only thing between the pages and the training; all SQL is here."""

from sentiment_core.store.lifecycle import Lifecycle
from sentiment_core.store.listing import Listing, Search
from sentiment_core.store.measurements import Measurements
from sentiment_core.store.outbox import Outbox, patiently
from sentiment_core.store.queue import TRAINING
from sentiment_core.store.records import Experiment, Places, Progress, Request, RequestKind, Run, Work, Worker

__all__ = [
    "TRAINING",
    "Experiment",
    "Outbox",
    "Places",
    "Progress",
    "Request",
    "RequestKind",
    "Run",
    "Search",
    "Store",
    "Work",
    "Worker",
    "patiently",
]


class Store(Listing, Lifecycle, Measurements):
    """All experiments with what they measured. Safe to share between threads; any number of processes may open it."""
