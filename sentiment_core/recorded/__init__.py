"""Experiments that ship as recordings: what was measured, without data and weights, so that a room without a GPU can
watch a run on real reviews as if it were live.

    record(store, "3fa2b1c0", "clip-norm.npz")     # writes one
    recording("clip-norm")                         # reads one that ships, by its name
"""

from sentiment_core.recorded.reader import PREFIX, Recording, read, recording, recordings
from sentiment_core.recorded.writer import record

__all__ = ["PREFIX", "Recording", "read", "record", "recording", "recordings"]
