"""The libraries behind the pages, imported once by the main thread before the server answers anybody.

Pages run in a thread each. When two of the first visitors need torch and SciPy at the same moment, each of them can see
the other's library half imported, and a page ends with an AttributeError.
"""

from __future__ import annotations

import gc
from importlib import import_module
from pkgutil import walk_packages

import sentiment_core
from sentiment_core.numerics import prepare_thread

# What is imported late, inside functions.
LATE = ("gensim.models", "plotly.subplots", "sklearn.decomposition", "tensorboardX.event_file_writer")

# Processes of their own, with a library that may be absent.
ELSEWHERE = "sentiment_core.work.executors.ray_side."


def warm_up() -> None:
    """Make torch ready and import every module of the core with all that it needs; takes some seconds."""
    prepare_thread()
    for module in walk_packages(sentiment_core.__path__, "sentiment_core."):
        if not module.name.endswith(".__main__") and not module.name.startswith(ELSEWHERE):
            import_module(module.name)
    for name in LATE:
        import_module(name)
    # They stay for good: a collection of garbage need not look through them every time.
    gc.freeze()
