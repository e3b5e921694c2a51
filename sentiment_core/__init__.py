"""Sentiment Lab's core: reviews in, trained models, measured gradients and attention out. Imports no user interface.

From Python, in a script or a notebook:

    import sentiment_core as lab

    experiment = lab.train(lab.configure({"data.limit": 500, "training.epochs": 2}), follow=print)
    run = experiment.runs[0]
    run.steps.plot(x="step", y="loss")              # data frames
    model = run.model()                             # or lab.load_model("pretrained"), a run's id, an exported archive
    model.predict(["What a film!"])
    model.explain("What a film!")

What is named in `__all__` is loaded when it is asked for: importing this takes neither PyTorch nor pandas.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sentiment_core.config import ExperimentConfig
    from sentiment_core.errors import SentimentLabError
    from sentiment_core.interface import Model, TrainedExperiment, TrainedRun, configure, load_model, open_run, train

__version__ = "0.1.0"
__all__ = [
    "ExperimentConfig",
    "Model",
    "SentimentLabError",
    "TrainedExperiment",
    "TrainedRun",
    "configure",
    "load_model",
    "open_run",
    "train",
]
_ELSEWHERE = {"ExperimentConfig": "config", "SentimentLabError": "errors"}


def __getattr__(name: str) -> Any:
    """Load a public name when it is asked for."""
    if name not in __all__:
        raise AttributeError(f"module 'sentiment_core' has no attribute {name!r}; it offers {', '.join(__all__)}")
    from importlib import import_module

    return getattr(import_module(f"sentiment_core.{_ELSEWHERE.get(name, 'interface')}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
