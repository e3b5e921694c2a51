"""How far back the gradient reached on real reviews: the record that ships, and what is said only where it holds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from sentiment_core.errors import StoreError
from sentiment_core.inside import flow as module
from sentiment_core.inside.flow import CASES, DISTANCES, Flow, Flowed, further, gradient_flow
from sentiment_core.inside.flow_words import amount, comparisons, fates
from sentiment_core.inside.words import fate


@pytest.fixture(autouse=True)
def afresh() -> Iterator[None]:
    gradient_flow.cache_clear()
    yield
    gradient_flow.cache_clear()


def made(**slopes: list[float]) -> Flow:
    """Cases in which the gradient falls by a slope (log10 a word), one a seed; the others by a tenth."""
    cases = []
    for case in CASES:
        left = np.outer(slopes.get(case.name, [-0.1, -0.1, -0.1]), np.maximum(DISTANCES, 1e-9))
        cases.append(Flowed(case, left, left))
    return Flow(64, 200, 100, tuple(cases))


def test_the_shipped_record_shows_what_it_is_shipped_for() -> None:
    flow = gradient_flow()
    assert flow.seeds >= 5 and flow.words > DISTANCES[-1] and [item.case for item in flow.cases] == list(CASES)
    far = DISTANCES.index(64)
    assert fate(10.0 ** flow["default"].before[:, far]) == "vanishes"
    assert fate(10.0 ** flow["large"].before[:, far]) == "explodes"
    assert further(flow["lstm"].before[:, far], flow["default"].before[:, far]), "an LSTM vanishes less"
    assert further(flow["lstm-forget"].before[:, far], flow["lstm"].before[:, far])
    assert further(flow["attention"].before[:, far], flow["default"].before[:, far]), "attention shortens the path"
    assert all((item.left(when)[:, 0] == 0).all() for item in flow.cases for when in ("before", "after"))


def test_more_gets_through_only_where_every_seed_says_so() -> None:
    assert further(np.array([-2.0, -3.0]), np.array([-4.0, -4.5]))
    assert not further(np.array([-2.0, -3.5]), np.array([-4.0, -4.4]))


def test_sentences_carry_their_figures_and_are_left_out_where_seeds_disagree() -> None:
    flow = made(default=[-0.2, -0.25, -0.3], large=[0.1, 0.1, 0.1], lstm=[-0.1, -0.1, -0.29])
    said = dict(fates(flow, "before", 64))
    assert list(said) == ["It vanishes", "It explodes"]
    assert said["It vanishes"].startswith("tanh RNN: 10^(−16.0 ± 3.2); ")
    assert said["It explodes"] == "tanh RNN, recurrent matrix × 4: 10^(6.4 ± 0.0)"
    assert "It depends on the seed" in dict(fates(made(gru=[-0.1, 0.0, 0.1]), "after", 64))
    compared = comparisons(flow, "before", 64)
    assert [sentence.partition(":")[0] for sentence in compared] == [
        "tanh RNN, attention against tanh RNN",
    ], "one seed of the LSTM is no better, and its twin with a bias neither"
    assert "10^(9.6 ± 3.2) times as much arrives, more in every seed" in compared[0]
    lost = made(default=[-np.inf, -0.2, -0.2])
    assert "instead of nothing that a float32 holds" in comparisons(lost, "after", 128)[-1]
    assert amount(np.array([-1.0])) == "10^−1.0"


@pytest.mark.parametrize(
    "damage",
    [
        lambda told: told.pop("cases"),
        lambda told: told["cases"][0].update(case="unknown"),
        lambda told: told["cases"][1]["seeds"].pop(),
        lambda told: told["cases"][2]["seeds"][0]["after"].append(0.0),
        lambda told: told.update(reviews="many"),
    ],
)
def test_a_damaged_record_is_said(
    damage: Callable[..., object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = json.loads(module.PATH.read_text())
    damage(told)
    path = tmp_path / "flow.json"
    path.write_text(json.dumps(told))
    monkeypatch.setattr(module, "PATH", path)
    with pytest.raises(StoreError, match="install the program again"):
        gradient_flow()
