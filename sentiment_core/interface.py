"""The public interface for Python: train and follow, open runs as data frames, ask models. See `sentiment_core`.

It works on the same store as the pages and the command line: `$SENTIMENT_STORE_URL`, else a file in `$SENTIMENT_HOME`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from numbers import Integral
from os.path import expanduser
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from sentiment_core.config import ExperimentConfig, RunConfig, build, from_fields, with_runs
from sentiment_core.errors import ConfigError, NotFoundError
from sentiment_core.given import dict_of, harmless, kind_of, names_of, text_of, texts_of
from sentiment_core.presets import preset as preset_named
from sentiment_core.store import Experiment, Run, Store, WorkProgress, table

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from sentiment_core.explain.predictor import Predictor
    from sentiment_core.explain.study_question import Study


def configure(
    fields: Mapping[str, Any] | None = None,
    *,
    preset: str | None = None,
    runs: Mapping[str, Mapping[str, Any]] | None = None,
) -> ExperimentConfig:
    """Return an experiment: a preset's or the usual one, with dotted `fields` such as `training.epochs` replaced.

    `runs` are to be trained in lockstep, from the same weights on the same batches: the name of each, and the fields in
    which it differs. `data.path` may be a `Path`; it counts from where Python runs. Raises `ConfigError` naming
    each bad field with what is allowed, `NotFoundError` for an unknown preset. The command `fields` lists every
    setting, `presets` every preset.
    """
    given = dict_of({} if fields is None else fields, "fields", "{'training.epochs': 3}")
    if path := given.get("data.path"):
        # Unlike `Path.expanduser` it lets names alone that only begin so, such as `~$reviews.csv`.
        given["data.path"] = str(Path(expanduser(path)).absolute()) if isinstance(path, str | PurePath) else path
    config = from_fields(given, preset_named(preset).config if preset else None)
    if runs is None:
        return config
    named = dict_of(runs, "runs", "{'plain': {}, 'clipped': {'training.clipping': 'norm'}}")
    if not named:
        raise ConfigError("runs: name at least one, or leave them away")
    return with_runs(config, [build(RunConfig, {"name": name, "overrides": own or {}}) for name, own in named.items()])


def train(
    config: ExperimentConfig | Mapping[str, Any], follow: Callable[[WorkProgress], None] | None = None
) -> TrainedExperiment:
    """Train an experiment here and now, keep it in the store, and return it as it ended.

    `follow` is handed a `WorkProgress` a few times a second: `step` of `total_steps`, `epoch`, `eta_seconds`; one that
    fails is shown with where it did and is not called again, and the training goes on. Ctrl-C stops it. Raises
    `ConfigError`, and before anything starts `DataError` for a file that is not there or leaves something open, and
    `OutOfMemory` where this machine cannot hold it; a training that fails is returned with `status` and `error`. Call
    it from the main thread, which hears Ctrl-C.
    """
    from sentiment_core.datasets.file.reader import glance, read
    from sentiment_core.training.memory import check_before
    from sentiment_core.work.training import train_here

    if config is None or not (follow is None or callable(follow)):
        raise ConfigError("train: give what `configure` returns or a dict of fields, and for `follow` a function")
    chosen = config if isinstance(config, ExperimentConfig) else configure(config)
    if chosen.data.source == "csv" and glance(chosen.data, labels_required=True).unused_labels:
        read(chosen.data, labels_required=True)
    check_before(chosen)
    with Store() as store:
        return TrainedExperiment.of(train_here(store, chosen, harmless(follow)))


def open_run(run_id: str) -> TrainedRun:
    """Return a run of the store, finished or not; raise `NotFoundError` where there is none of that id."""
    if not isinstance(run_id, str):
        raise ConfigError(f"open_run: give the id of a run, such as `experiment.runs[0].id`, not {kind_of(run_id)}")
    with Store() as store:
        return TrainedRun(store.run(run_id))


def load_model(source: str | Path = "pretrained") -> Model:
    """Return a model to ask: `pretrained`, a run's id, or the path of an archive that `export --format model` wrote.

    Raises `NotFoundError`, `CheckpointError`, `EmbeddingsError`, `DataError` for a file that is no such archive. An
    archive is asked where it is; the command `import` brings it into the store.
    """
    from sentiment_core.explain import PRETRAINED, load_predictor
    from sentiment_core.explain.predictor import Predictor

    if not isinstance(source, str | Path):
        raise ConfigError(f"load_model: give `pretrained`, a run's id or the path of an archive, not {kind_of(source)}")
    if isinstance(source, Path) or (source != PRETRAINED and source.lower().endswith(".zip")):
        from sentiment_core.explain.archive.reader import read_archive

        arrived = read_archive(Path(source))
        return Model(Predictor(arrived.name, arrived.saved), stored=False)
    with Store() as store:
        return Model(load_predictor(source, store), stored=True)


@dataclass(frozen=True)
class TrainedRun:
    """One run of an experiment with what it measured, as data frames read when they are asked for."""

    run: Run

    def __repr__(self) -> str:
        return f"<TrainedRun {self.id} {self.name!r}>"

    @property
    def id(self) -> str:
        """What commands and `open_run` call it."""
        return self.run.id

    @property
    def name(self) -> str:
        """What the experiment calls it."""
        return self.run.name

    @property
    def config(self) -> ExperimentConfig:
        """Its settings, the experiment's with its own on top."""
        return self.run.config

    @property
    def test_accuracy(self) -> float | None:
        """The share (0..1) of test reviews it reads right; None before it was tested."""
        return self.run.test_accuracy

    @cached_property
    def steps(self) -> pd.DataFrame:
        """One row an update: `step` from 1, `epoch`, `loss` (nats), `grad_norm` and every other quantity it measured.

        A diagnostic is missing where it was not measured. The command `quantities` says what each column is.
        """
        import pandas as pd

        with Store() as store:
            return pd.DataFrame(table(store, self.run.id))

    @cached_property
    def evaluations(self) -> pd.DataFrame:
        """One row an evaluation: `step`, `epoch`, `part` (validation or test), `loss` (nats), `accuracy` (0..1)."""
        import pandas as pd

        with Store() as store:
            found = store.evaluations(self.run.id)
        columns = ("step", "epoch", "part", "loss", "accuracy")
        return pd.DataFrame({name: [getattr(item, name) for item in found] for name in columns})

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """One row a test review: `review` (its place in the data set), `probability` of positive, true `label`.

        Empty before the run was tested. Raises `CheckpointError` for damaged answers.
        """
        import pandas as pd

        from sentiment_core.predictions import read_predictions

        found = read_predictions(self.run)
        if found is None:
            return pd.DataFrame({"review": [], "probability": [], "label": []})
        return pd.DataFrame({"review": found.indices, "probability": found.probabilities, "label": found.labels})

    def model(self) -> Model:
        """Return its model as `load_model` does; raise `NotFoundError` before its first epoch has ended."""
        return load_model(self.run.id)


@dataclass(frozen=True)
class TrainedExperiment:
    """An experiment as it ended: its `runs` in order, its `status`, and the `error` that ended it, if one did."""

    id: str
    name: str
    status: str
    error: str | None
    runs: tuple[TrainedRun, ...]

    def __repr__(self) -> str:
        runs = ", ".join(f"{run.id} {run.name!r}" for run in self.runs)
        failed = f", {self.error}" if self.error else ""
        return f"<TrainedExperiment {self.name!r}: {self.status}{failed}; runs {runs}>"

    @classmethod
    def of(cls, found: Experiment) -> TrainedExperiment:
        """Return an experiment of the store."""
        return cls(found.id, found.name, str(found.status), found.error, tuple(map(TrainedRun, found.runs)))


class Model:
    """A trained model to ask about texts, on the CPU."""

    def __init__(self, predictor: Predictor, stored: bool) -> None:
        self._predictor = predictor
        self._stored = stored

    def __repr__(self) -> str:
        return f"<Model {self._predictor.model_id}>"

    @property
    def config(self) -> ExperimentConfig:
        """The settings that it was trained with."""
        return self._predictor.config

    def predict(self, texts: Iterable[str]) -> np.ndarray:
        """Return P(positive) of each text `(N,)` float64; NaN from a network that diverged.

        `texts`: a list, a column of a data frame, an array, anything that yields texts in an order. Raises `DataError`
        for a single text and for what is no text, such as a missing value.
        """
        return self._predictor.predict(texts_of(texts))

    def explain(self, text: str, methods: str | Sequence[str] = ("attention",)) -> pd.DataFrame:
        """Return one row a token: `token`, `start` and `end` in the text, whether it is `known` and was `used`, and a
        score for each of `methods`, of the class that is predicted.

        Attention weights add up to 1 and are missing for a model that does not attend. Raises `ConfigError` for an
        unknown method and `DataError` for an empty text, or what is none.
        """
        import pandas as pd

        from sentiment_core.explain import attribute
        from sentiment_core.explain.methods import named

        chosen = named(",".join(names_of(methods)))
        found = self._predictor.explain(text_of(text))
        rows = pd.DataFrame(
            {
                "token": [token.text for token in found.tokens],
                "start": [token.start for token in found.tokens],
                "end": [token.end for token in found.tokens],
                "known": [token.known for token in found.tokens],
                "used": [token.used for token in found.tokens],
            }
        )
        asked = [method.name for method in chosen.values() if method.name != "attention"]
        scores = dict(zip(asked, attribute(self._predictor, text, asked), strict=True))
        for method in chosen.values():
            known = scores.get(method.name)
            rows[method.name] = [token.attention for token in found.tokens] if known is None else known.scores
        return rows

    def attention(self, text: str) -> np.ndarray:
        """Return who attends to whom in a Transformer, `(layers, heads, T + 2, T + 2)`: [CLS], T used pieces, [SEP].

        Rows add up to 1. Raises `ConfigError` for another network and `DataError` for an empty text.
        """
        return self._predictor.attention(text_of(text))

    def study(
        self, data: str | Path = "demo", sample: int = 100, seed: int = 0, methods: str | Sequence[str] = ()
    ) -> Study:
        """Measure how faithful explanation methods are over a sample of reviews; takes minutes.

        `data`: `demo`, `own` (the test part of the run's reviews) or the path of a file. `methods`: all without any.
        Raises `ConfigError`, `DataError`, and `NotFoundError` for an archive that was not imported.
        """
        from sentiment_core.explain import METHODS
        from sentiment_core.explain.study import run
        from sentiment_core.explain.study_question import study_arguments
        from sentiment_core.progress import silent

        if not isinstance(data, str | Path) or not all(isinstance(number, Integral) for number in (sample, seed)):
            raise ConfigError("study: give demo, own or the path of a file, and whole numbers for sample and seed")
        if not self._stored:
            raise NotFoundError("an archive has no place in the store; bring it in with `import`, then load that run")
        with Store() as store:
            chosen = names_of(methods) or METHODS
            asked = study_arguments(self._predictor.model_id, str(data), int(sample), int(seed), list(chosen), store)
        return run(asked, silent)
