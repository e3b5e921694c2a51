"""Experiments that ship as recordings: what was measured, without data and weights, so that a room without a GPU can
watch a run on real reviews as if it were live.

    record_runs(store, config, runs, "clip-norm.npz")     # writes one
    recording("clip-norm")                                # reads one that ships, by its name
"""

from sentiment_core.recorded.answers import RecordedAnswer, record_answer, recorded_answer
from sentiment_core.recorded.reader import LABS, PREFIX, Recording, read, recording, recording_of, recordings
from sentiment_core.recorded.spread import (
    PairedDifference,
    RunSpread,
    SeedResult,
    compared,
    in_words,
    mean_and_deviation,
    paired,
    sentences,
)
from sentiment_core.recorded.writer import record_runs

__all__ = [
    "LABS",
    "PREFIX",
    "PairedDifference",
    "RecordedAnswer",
    "Recording",
    "RunSpread",
    "SeedResult",
    "compared",
    "in_words",
    "mean_and_deviation",
    "paired",
    "read",
    "record_answer",
    "record_runs",
    "recorded_answer",
    "recording",
    "recording_of",
    "recordings",
    "sentences",
]
