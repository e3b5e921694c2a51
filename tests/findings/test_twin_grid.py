"""The recorded twins: whole, honest in what they say, and refused when they are of other settings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.twin_grid import grid_of
from sentiment_core.config import from_fields
from sentiment_core.errors import StoreError
from sentiment_core.findings import twin_grid
from sentiment_core.findings.twin_grid import FIRST_RATE, FIRST_THRESHOLD, RATES, THRESHOLDS
from sentiment_core.metrics import Balance, Evaluation
from sentiment_core.steps.quantities import StepMetrics
from sentiment_core.store import Store


@pytest.fixture(scope="module")
def shipped():
    return twin_grid.read()


def test_what_ships_keeps_the_promises_of_clipping(shipped):
    """Twins share their first loss bit for bit; a threshold that no gradient reaches changes nothing."""
    assert twin_grid.SHIPPED.stat().st_size < 1.5e6
    assert np.isfinite(shipped.losses[:, :, 0]).all()
    assert (shipped.losses[:, :, 0] == shipped.losses[0, 0, 0]).all()
    for rate in range(len(RATES)):
        for place in range(len(THRESHOLDS)):
            same = np.array_equal(shipped.losses[rate, 0], shipped.losses[rate, place + 1], equal_nan=True)
            assert same if shipped.clipped[rate, place + 1] == 0 else not same


def test_the_first_sight_shows_what_clipping_is_for(shipped):
    said = twin_grid.sentence(shipped, RATES.index(FIRST_RATE), THRESHOLDS.index(FIRST_THRESHOLD))
    assert said.startswith("Only the clipped run learns.")


def test_a_sentence_follows_the_numbers(shipped):
    chance, good = 0.5, 0.9
    last = shipped.validation.shape[-1] - 1

    def with_ends(free: float, held: float, share: float = 0.5):
        validation, clipped = shipped.validation.copy(), shipped.clipped.copy()
        validation[0, 0, last], validation[0, 1, last], clipped[0, 1] = free, held, share
        grid = replace(shipped, validation=validation, clipped=clipped, balance=Balance(640, 320))
        return twin_grid.sentence(grid, 0, 0)

    assert with_ends(chance, good).startswith("Only the clipped run learns")
    assert with_ends(good, chance).startswith("Only the unclipped run has learned")
    assert with_ends(good, good).startswith("Both runs learn")
    assert with_ends(chance, float("nan")).startswith("Neither run")
    assert "bit for bit" in with_ends(good, good, share=0.0)


def test_only_the_recorded_settings_are_called_recorded():
    place = RATES.index(0.6), THRESHOLDS.index(0.25)
    assert twin_grid.recorded_as(twin_grid.twin(0.6, 0.25)) == place
    assert twin_grid.recorded_as(from_fields({"watch_every": 20}, twin_grid.twin(0.6, 0.25))) == place
    for changes in ({"seed": 2}, {"training.learning_rate": 0.61}, {"training.optimizer": "adam"}):
        assert twin_grid.recorded_as(from_fields(changes, twin_grid.twin(0.6, 0.25))) is None
    assert twin_grid.recorded_as(twin_grid.setting(0.6, 0.25)) is None


def test_a_grid_comes_back_as_it_was_written_and_a_wrong_one_is_refused(shipped, tmp_path, monkeypatch):
    path = tmp_path / "twin_grid.npz"
    twin_grid.write(shipped, path)
    assert np.array_equal(twin_grid.read(path).norms, shipped.norms, equal_nan=True)
    monkeypatch.setattr(twin_grid, "SETTING", {**twin_grid.SETTING, "training.batch_size": 64})
    with pytest.raises(StoreError, match="recorded twins"):
        twin_grid.read(tmp_path / "." / ".." / tmp_path.name / "twin_grid.npz")
    (tmp_path / "torn.npz").write_bytes(path.read_bytes()[:1000])
    with pytest.raises(StoreError, match="recorded twins"):
        twin_grid.read(tmp_path / "torn.npz")


def test_the_recorder_reads_what_a_store_measured(tmp_path):
    with Store(f"sqlite:///{tmp_path / 'store.sqlite3'}") as store:
        rows = []
        for rate in RATES[:2]:
            experiment = store.create_experiment(twin_grid.row(rate))
            for place, run in enumerate(experiment.runs):
                norm = 0.05 if place == 0 else THRESHOLDS[place - 1] * 2
                after, limit = (norm, float("nan")) if place == 0 else (norm / 2, norm / 2)
                steps = [StepMetrics(n, 1, 0.7, 0.6, rate, norm, after, 0.1, 1.0, limit, 300, 0.1) for n in (1, 2)]
                store.write_steps({run.id: steps[: 1 if place == 1 else 2]})
                store.write_evaluations(run.id, [Evaluation(2, 1, "validation", 0.6, 0.75)])
                store.write_balances(run.id, {"validation": Balance(640, 310)})
                store.update_run(run.id, steps=2)
            rows.append(experiment)
        grid = grid_of(store, rows)
    assert grid.losses.shape == (2, 1 + len(THRESHOLDS), 2)
    assert np.isnan(grid.losses[:, 1, 1]).all() and np.isfinite(grid.losses[:, 2:]).all()
    assert (grid.clipped[:, 0] == 0).all() and (grid.clipped[:, 1:] == 1).all()
    assert grid.balance == Balance(640, 310) and grid.validated.tolist() == [2]
