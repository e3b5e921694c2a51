"""Python as an entrance: what is offered, that importing it is cheap, and a session as a notebook would have it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import sentiment_core as lab
from sentiment_core.explain.archive.writer import model_archive
from sentiment_core.steps.quantities import STEP_COLUMNS
from sentiment_core.store import Store
from tests.conftest import TINY

PUBLIC = {
    "ExperimentConfig", "Model", "SentimentLabError", "TrainedExperiment", "TrainedRun", "configure", "load_model",
    "open_run", "train",
}  # fmt: skip


def test_what_is_offered_is_there_and_described() -> None:
    assert set(lab.__all__) == PUBLIC and set(lab.__all__) <= set(dir(lab))
    for name in lab.__all__:
        offered = getattr(lab, name)
        assert offered.__doc__
        own = (
            [item for key, item in vars(offered).items() if not key.startswith("_")]
            if isinstance(offered, type)
            else []
        )
        if offered.__module__ == "sentiment_core.interface":
            assert all(item.__doc__ for item in own if callable(item) or isinstance(item, property)), name
    with pytest.raises(AttributeError, match="it offers"):
        _ = lab.nothing


def test_importing_it_loads_nothing_heavy() -> None:
    code = (
        "import sys, sentiment_core as lab; lab.train, lab.load_model; print(*{'torch', 'pandas'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_a_session(home: Path, tmp_path: Path) -> None:
    seen = []
    config = lab.configure({**TINY, "training.clipping": "norm"})
    experiment = lab.train(config, follow=seen.append)
    assert (experiment.status, experiment.error) == ("finished", None) and any(progress.step for progress in seen)
    run = lab.open_run(experiment.runs[0].id)
    assert list(run.steps["step"]) == list(range(1, run.run.steps + 1)) and set(STEP_COLUMNS) <= set(run.steps.columns)
    assert set(run.evaluations["part"]) == {"validation", "test"}
    right = ((run.predictions["probability"] >= 0.5) == (run.predictions["label"] == 1)).mean()
    assert right == pytest.approx(run.test_accuracy)
    model = run.model()
    texts = ["A wonderful film.", "a dull film"]
    answers = model.predict(texts)
    assert answers.shape == (2,) and model.config == run.config
    told = model.explain(texts[0], ["attention", "occlusion_delete"])
    assert [texts[0][start:end] for start, end in zip(told["start"], told["end"], strict=True)] == list(told["token"])
    assert told["attention"].sum() == pytest.approx(1) and np.isfinite(told["occlusion_delete"]).all()
    with Store() as store:
        (tmp_path / "model.zip").write_bytes(model_archive(store, run.id))
    archived = lab.load_model(tmp_path / "model.zip")
    np.testing.assert_allclose(archived.predict(texts), answers, atol=1e-6)
    with pytest.raises(lab.SentimentLabError, match="import"):
        archived.study()


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: lab.configure({"training.epoch": 3}),
        lambda: lab.configure(preset="nothing"),
        lambda: lab.configure(runs={"a": {"training.epoch": 3}}),
        lambda: lab.configure(runs={}),
        lambda: lab.open_run("nothing-1"),
        lambda: lab.load_model("nothing-1"),
        lambda: lab.load_model("nothing.zip"),
        lambda: lab.train({"training.epochs": 0}),
    ],
)
def test_what_cannot_be_is_said(home: Path, wrong: Callable[[], object]) -> None:
    with pytest.raises(lab.SentimentLabError):
        wrong()
