"""Where labels are drawn by lot there is nothing to learn, whatever share of them is alike."""

from __future__ import annotations

from benchmarks.noise import judged
from sentiment_core.store import Store


def test_noise_is_not_called_better_than_chance(home):
    home.mkdir()
    with Store() as store:
        found = [judged(store, home / f"{seed}.csv", seed) for seed in range(6)]
    assert all(run.learned is False for run in found)
    assert all(run.balance is not None and 0.5 <= run.balance.chance < 1 for run in found)
    assert max(run.balance.chance for run in found) > 0.7
