"""A run's weights on the way: which are kept, that they are those, and that they go with the run."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sentiment_core import snapshots
from sentiment_core.artifacts import run_place, snapshot_place, snapshot_steps, work_place, written_folder
from sentiment_core.errors import NotFoundError, StoreError
from sentiment_core.explain import load_predictor
from sentiment_core.explain.catalogue import model_folder
from sentiment_core.models import build_model
from sentiment_core.snapshots import kept_steps, planned_steps, snapshot_folder
from sentiment_core.store import Run, Store, Worker
from sentiment_core.training.checkpoints import load_model
from sentiment_core.work import reporting
from sentiment_core.work.snapshots import Snapshots
from sentiment_core.work.training import run_experiment, train_here
from sentiment_core.work.worker import StopSignal
from tests.test_kept_weights import StopAfter
from tests.work.shared import with_runs

keep = Snapshots._keep
LONG = {"training.epochs": 30}


def stopped_after(store: Store, config: Any, updates: int) -> Run:
    """Train for so many updates; the model that is kept then is of that update where no epoch has ended."""
    experiment = store.create_experiment(config)
    assert store.claim_experiment(experiment.id, Worker.of(), threads=1)
    return run_experiment(store, experiment.id, StopAfter(updates), Worker.of()).runs[0]


def weights(folder: Path) -> dict[str, np.ndarray]:
    return {name: tensor.numpy() for name, tensor in load_model(folder).tensors.items()}


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(value, other[name]) for name, value in one.items())


def test_which_steps_are_kept() -> None:
    assert planned_steps(5, 225, 100_000) == [0, 3, 9, 26, 76]
    assert planned_steps(1, 225, 100_000) == [0]
    assert planned_steps(0, 225, 100_000) == []
    assert planned_steps(50, 3, 100_000) == [0, 1, 2]
    # What is too large to be kept five times is kept less often, or not at all.
    assert planned_steps(5, 10_000, snapshots.MOST_BYTES // 2) == [0, 100]
    assert planned_steps(5, 10_000, snapshots.MOST_BYTES + 1) == []


@pytest.mark.parametrize("trained", [True, False])
def test_the_weights_that_are_kept_are_those_of_their_step(trained: bool, store: Store, tiny: Any) -> None:
    config = tiny({**LONG, "model.freeze_embeddings": not trained, "model.head_dropout": 0.2})
    run = stopped_after(store, config, 12)
    steps = kept_steps(run)
    assert steps[0] == 0 and len(steps) > 2 and max(steps) <= 12 < run.config.training.epochs * 5
    kept = [weights(snapshot_folder(run, step)) for step in steps]
    assert ("embedding.weight" in kept[0]) is trained
    fresh = build_model(
        config.model,
        torch.from_numpy(kept[0].get("embedding.weight", np.zeros((1, 6), np.float32))),
        1,
        torch.device("cpu"),
    )
    assert same(
        {k: v for k, v in kept[0].items() if k != "vocabulary"}, {k: v.numpy() for k, v in fresh.state_dict().items()}
    )
    for step in (step for step in steps if 0 < step < 5):
        assert same(kept[steps.index(step)], weights(model_folder(stopped_after(store, config, step).id, store)))


def test_a_run_that_starts_from_what_another_left_is_kept_as_it_starts(
    store: Store, tiny: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = []
    monkeypatch.setattr(
        Snapshots, "_keep", lambda self, trainer, run: written.append(run.id) or keep(self, trainer, run)
    )
    config = with_runs(tiny(), first={}, kept={"training.mistakes": ("kept_weights",)})
    first, kept = train_here(store, config, lambda progress: None).runs
    assert same(weights(snapshot_folder(kept, 0)), weights(model_folder(first.id, store)))
    # Once, not at each update that prepares it.
    assert written.count(kept.id) == len(kept_steps(kept))


def test_averaged_weights_are_kept_where_they_are_what_is_judged(store: Store, tiny: Any) -> None:
    config = tiny({**LONG, "training.weight_averaging": 0.9})
    run = stopped_after(store, config, 4)
    step = max(kept_steps(run))
    assert same(
        weights(snapshot_folder(run, step)), weights(model_folder(stopped_after(store, config, step).id, store))
    )


def test_a_run_that_resumes_keeps_those_steps_anew(store: Store, tiny: Any) -> None:
    config = tiny({"training.epochs": 6, "snapshots": 6})
    whole = train_here(store, config, lambda progress: None).runs[0]
    run = stopped_after(store, config, 7)
    # Left by a worker that came further than its checkpoint, and was killed.
    for ahead in (13, 20):
        with written_folder(snapshot_place(run.experiment_id, run.id, ahead)) as folder:
            (folder / "model.json").write_text("{}")
    assert 13 in snapshot_steps(run.experiment_id, run.id) and 13 not in kept_steps(run), "never ahead of the store"
    assert store.claim_experiment(run.experiment_id, Worker.of(), threads=1)
    (run,) = run_experiment(store, run.experiment_id, StopAfter(10_000), Worker.of()).runs
    assert kept_steps(run) == kept_steps(whole)
    for step in kept_steps(run):
        assert same(weights(snapshot_folder(run, step)), weights(snapshot_folder(whole, step)))


def test_the_weights_of_the_update_at_which_it_pauses_are_kept(
    store: Store, tiny: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkpoint is made there, which a worker that is killed goes on from: that update is not made again."""
    counted: list[tuple[int, list[int]]] = []
    experiment = store.create_experiment(tiny({"snapshots": 20}))

    def look(path: Path, state: dict[str, Any]) -> None:
        counted.append((state["step"], snapshot_steps(experiment.id, experiment.runs[0].id)))
        store.request(experiment.id, "resume")

    monkeypatch.setattr(reporting, "save_checkpoint", look)
    assert store.claim_experiment(experiment.id, Worker.of(), threads=1)
    store.request(experiment.id, "pause")
    run_experiment(store, experiment.id, StopSignal(), Worker.of())
    step, kept = counted[0]
    assert step == 1 and kept == [0, 1]


def test_they_answer_and_go_with_the_run(store: Store, tiny: Any) -> None:
    run = train_here(store, tiny(), lambda progress: None).runs[0]
    steps = kept_steps(run)
    answers = [load_predictor(run.id, store, step).predict(["a film about a film"])[0] for step in (*steps, None)]
    assert len(set(answers)) == len(answers) == 6
    with pytest.raises(NotFoundError, match=f"after step {run.steps} were not kept; kept are 0, .*{steps[-1]}$"):
        load_predictor(run.id, store, run.steps)
    with pytest.raises(NotFoundError, match="at no earlier step"):
        model_folder("pretrained", store, 0)
    store.delete_experiment(run.experiment_id)
    assert not work_place(run.experiment_id).exists() and kept_steps(run) == []
    with pytest.raises(NotFoundError, match="none on the way were"):
        snapshot_folder(run, 0)


def test_none_are_kept_where_none_are_wanted(store: Store, tiny: Any) -> None:
    run = train_here(store, tiny({"snapshots": 0, "training.max_steps": 2}), lambda progress: None).runs[0]
    assert kept_steps(run) == [] and (run_place(run.experiment_id, run.id) / "model.json").exists()


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    place = tmp_path / "step-3"
    with written_folder(place) as folder:
        (folder / "one").write_text("first")
        assert not place.exists()

    def fill() -> None:
        with written_folder(place) as folder:
            (folder / "one").write_text("second")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(StoreError, match="No space left"):
        fill()
    assert [path.name for path in tmp_path.iterdir()] == ["step-3"] and (place / "one").read_text() == "first"
    with written_folder(place) as folder:
        (folder / "two").write_text("third")
    assert [path.name for path in place.iterdir()] == ["two"]
