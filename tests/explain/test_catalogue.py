"""Which models there are to ask, without importing torch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sentiment_core.artifacts import MODEL, WEIGHTS
from sentiment_core.errors import CheckpointError, NotFoundError
from sentiment_core.explain import PRETRAINED, available_models, catalogue, load_predictor
from sentiment_core.explain.catalogue import PRETRAINED_FOLDER, weights_of
from sentiment_core.store import Experiment, Store, Worker
from sentiment_core.training.trainer import Trainer
from sentiment_core.work.reporting import Keeper
from sentiment_core.work.training import run_experiment
from sentiment_core.work.worker import StopSignal


@pytest.fixture
def finished(store: Store, tiny: Any) -> Experiment:
    experiment = store.create_experiment(tiny({"name": "mine", "training.epochs": 1}))
    store.claim_experiment(experiment.id, Worker.of(), threads=1)
    return run_experiment(store, experiment.id, StopSignal(), Worker.of())


@pytest.fixture
def no_pretrained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    folder = tmp_path / "pretrained"
    folder.mkdir()
    monkeypatch.setattr(catalogue, "PRETRAINED_FOLDER", folder)
    return folder


def test_runs_with_saved_weights_are_listed_newest_first(
    store: Store, finished: Experiment, tiny: Any, no_pretrained: Path
) -> None:
    store.create_experiment(tiny())  # has no weights yet
    (model,) = available_models(store)
    (run,) = finished.runs
    assert (model.id, model.name, model.has_attention) == (run.id, "mine · run", True)
    assert model.accuracy == run.test_accuracy
    assert model.description == f"RNN, attention_dot, {run.steps} steps"


def test_what_was_calculated_with_the_shipped_model_is_no_answer_of_one_that_reads_otherwise(
    store: Store, no_pretrained: Path
) -> None:
    for name in (MODEL, WEIGHTS):
        (no_pretrained / name).write_bytes((PRETRAINED_FOLDER / name).read_bytes())
    before = weights_of(PRETRAINED, store)
    settings = (no_pretrained / MODEL).read_text().replace('"unified"', '"word"')
    (no_pretrained / MODEL).write_text(settings)
    catalogue._digest.cache_clear()
    assert '"word"' in settings and weights_of(PRETRAINED, store) != before


def test_a_finished_run_can_be_asked(store: Store, finished: Experiment) -> None:
    (run,) = finished.runs
    answer = load_predictor(run.id, store).explain("a good film")
    assert (answer.model_id, answer.step) == (run.id, run.steps)
    assert not available_models(store)[-1].training


def test_a_run_that_still_trains_is_marked_and_its_answer_says_after_which_update(
    store: Store, tiny: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[bool, int | None, int]] = []

    def look(keeper: Keeper, trainer: Trainer) -> None:
        save(keeper, trainer)
        info = available_models(store)[-1]
        seen.append((info.training, load_predictor(info.id, store).explain("a film").step, trainer.step))

    save = Keeper.on_epoch_end
    monkeypatch.setattr(Keeper, "on_epoch_end", look)
    experiment = store.create_experiment(tiny({"training.epochs": 2}))
    store.claim_experiment(experiment.id, Worker.of(), threads=1)
    run_experiment(store, experiment.id, StopSignal(), Worker.of())
    assert len(seen) == 2 and all(training and step == made for training, step, made in seen)
    assert seen[0][1] != seen[1][1]


def test_models_that_are_not_there(store: Store, tiny: Any, no_pretrained: Path) -> None:
    waiting = store.create_experiment(tiny())
    with pytest.raises(NotFoundError, match=r"\(queued\) has no saved model yet; let it finish an epoch"):
        load_predictor(waiting.runs[0].id, store)
    with pytest.raises(NotFoundError):
        load_predictor("no-such-run", store)
    with pytest.raises(CheckpointError, match="missing or damaged"):
        load_predictor(PRETRAINED, store)


@pytest.mark.parametrize("content", ["", "{}", '{"details": 3}', '{"details": []}', "[]", "[" * 100_000])
def test_a_damaged_pretrained_model_says_so(content: str, store: Store, no_pretrained: Path) -> None:
    (no_pretrained / "model.json").write_text(content)
    with pytest.raises(CheckpointError, match="the model that ships with Sentiment Lab is damaged"):
        available_models(store)


def test_listing_models_imports_no_torch(home: Path) -> None:
    code = "import sys; from sentiment_core.explain import *; from sentiment_core.store import Store;"
    code += "available_models(Store()); print('torch' in sys.modules)"
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


needs_pretrained = pytest.mark.skipif(
    not (PRETRAINED_FOLDER / "model.json").exists(), reason="the pretrained model has not been made yet"
)


@needs_pretrained
def test_the_pretrained_model_reads_reviews(store: Store) -> None:
    model = available_models(store)[0]
    assert model.id == PRETRAINED and model.accuracy is not None and model.accuracy >= 0.90 and model.has_attention
    predictor = load_predictor(PRETRAINED, store)
    good, bad = predictor.predict(
        [
            "A wonderful, moving film. I loved every minute of it.",
            "Dull, badly acted and far too long. A waste of time.",
        ]
    )
    assert good > 0.8 and bad < 0.2
    assert sum(path.stat().st_size for path in PRETRAINED_FOLDER.glob("*.safetensors")) <= 8_000_000
    assert json.loads((PRETRAINED_FOLDER / "model.json").read_text())["vectors"] == "own"


@needs_pretrained
def test_explaining_a_review_costs_one_pass(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    predictor = load_predictor(PRETRAINED, store)
    classify, passes = predictor.model.classify, []
    monkeypatch.setattr(predictor.model, "classify", lambda *given: passes.append(len(given[0])) or classify(*given))
    explanation = predictor.explain("the film was not as good as the book , but it moved me . " * 18)
    assert explanation.used_tokens >= 250 and passes == [1]
