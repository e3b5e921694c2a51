"""Python as an entrance: what is offered, that importing it is cheap, and a session as a notebook would have it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
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


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: lab.configure(["training.epochs=3"]), "give a dict such as"),
        (lambda: lab.configure("training.epochs=3"), "give a dict such as"),
        (lambda: lab.configure({"training.epoch": 3}), "did you mean training.epochs?"),
        (lambda: lab.configure({"training": {"epochs": 3}}), "did you mean training."),
        (lambda: lab.configure({1: 2}), "a value of the type int is no name"),
        (lambda: lab.configure(runs={None: {}}), "runs: give a dict such as"),
        (lambda: lab.configure(runs=["a", "b"]), "runs: give a dict such as"),
        (lambda: lab.configure(runs={}), "runs: name at least one"),
        (lambda: lab.configure({"data.source": "csv", "data.path": 3}), "data.path"),
        (lambda: lab.train(None), "give what `configure` returns"),
        (lambda: lab.train({}, follow=True), "for `follow` a function"),
        (lambda: lab.train({"data.source": "csv", "data.path": "gone.csv"}), "there is no such file"),
        (lambda: lab.open_run(None), "experiment.runs[0].id"),
        (lambda: lab.load_model(None), "give `pretrained`, a run's id"),
        (lambda: lab.load_model().predict("What a film!"), "a single one as [text]"),
        (lambda: lab.load_model().predict(b"What a film!"), "a single one as [text]"),
        (lambda: lab.load_model().predict(None), "not None"),
        (lambda: lab.load_model().predict({"a": "What a film!"}), "the type dict"),
        (lambda: lab.load_model().predict({"What a film!"}), "the type set"),
        (lambda: lab.load_model().predict(pd.DataFrame({"text": ["What a film!"]})), "a column of a data frame"),
        (lambda: lab.load_model().predict(["A film", None]), "number 2 is no text but None"),
        (lambda: lab.load_model().predict(pd.Series(["A film", float("nan")])), "number 2 is no text but a value"),
        (lambda: lab.load_model().predict(np.array([["A film"]])), "number 1 is no text"),
        (lambda: lab.load_model().predict(np.array("A film")), "the type ndarray"),
        (lambda: lab.load_model().explain(None), "give one text, not None"),
        (lambda: lab.load_model().explain(["What a film!"]), "give one text, not a value of the type list"),
        (lambda: lab.load_model().explain("What a film!", methods=None), "methods: give a list of names"),
        (lambda: lab.load_model().explain("What a film!", methods=[]), "explanation method"),
        (lambda: lab.load_model().study(data=None), "demo, own or the path"),
        (lambda: lab.load_model().study(sample=20.5), "whole numbers"),
        (lambda: lab.load_model().study(methods="lime"), "no explanation method 'lime'"),
    ],
)
def test_what_was_not_expected_is_said_in_a_sentence(
    home: Path, wrong: Callable[[], object], said: str, tmp_path: Path
) -> None:
    with pytest.raises(lab.SentimentLabError) as caught:
        wrong()
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "given",
    [
        ("good", "bad"),
        np.array(["good", "bad"]),
        pd.Series(["good", "bad"], index=[7, 5]),
        pd.Series(["good", "bad"], dtype="string"),
        {"a": "good", "b": "bad"}.values(),
        (text for text in ["good", "bad"]),
    ],
    ids=["tuple", "array", "series", "strings", "values", "generator"],
)
def test_whatever_yields_texts_can_be_asked_about(home: Path, given: Any) -> None:
    model = lab.load_model()
    np.testing.assert_array_equal(model.predict(given), model.predict(["good", "bad"]))


def test_methods_may_be_named_as_the_command_names_them(home: Path) -> None:
    told = lab.load_model().explain("What a film!", methods="attention,random")
    assert {"attention", "random"} <= set(told.columns)


def test_a_path_counts_from_where_python_runs(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for path in ("mine.csv", Path("mine.csv")):
        config = lab.configure({"data.source": "csv", "data.path": path})
        assert config.data.path == str(tmp_path / "mine.csv")
    assert lab.configure({"data.path": "~/mine.csv"}).data.path == str(Path.home() / "mine.csv")
    assert lab.configure({"data.path": "~$mine.csv"}).data.path == str(tmp_path / "~$mine.csv")


def test_a_follower_that_fails_ends_no_training(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    called = []

    def follow(progress: object) -> None:
        called.append(progress)
        raise ZeroDivisionError("my mistake")

    experiment = lab.train(lab.configure(TINY), follow=follow)
    assert experiment.status == "finished" and len(called) == 1 and "my mistake" in capsys.readouterr().err
    (run,) = experiment.runs
    assert repr(experiment) == f"<TrainedExperiment {experiment.name!r}: finished; runs {run.id} {run.name!r}>"
    assert repr(run) == f"<TrainedRun {run.id} {run.name!r}>" and repr(run.model()) == f"<Model {run.id}>"


def test_a_file_that_is_sorted_by_its_labels_is_trained_on(home: Path, tmp_path: Path) -> None:
    stars = [2] * 150 + [9] * 150
    lines = [f"A film for evening number {number},{star}" for number, star in enumerate(stars)]
    for name, kept in (("sorted.csv", lines), ("open.csv", lines[:150])):
        (tmp_path / name).write_text("\n".join(["text,stars", *kept]))
    fields = {**TINY, "data.source": "csv", "training.max_steps": 1}
    assert lab.train({**fields, "data.path": tmp_path / "sorted.csv"}).status == "finished"
    with pytest.raises(lab.SentimentLabError, match="does not say what is positive"):
        lab.train({**fields, "data.path": tmp_path / "open.csv"})
