"""The map of the temporal order task: what it holds, says and ships, and that a cell of it can be trained again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sentiment_core import cli
from sentiment_core.config import flatten
from sentiment_core.errors import ConfigError, StoreError
from sentiment_core.findings import order_map
from sentiment_core.findings.order_map import (
    LENGTHS,
    MAP,
    ORDER_MAP,
    OTHER_SEEDS,
    SEEDS,
    WAYS,
    OrderMap,
    OrderQuestion,
    Outcome,
    experiment,
    measure,
    train,
)
from sentiment_core.findings.order_words import beside, sentences

MADE = {"torch": "2", "device": "CPU", "threads": 1, "cpu": "any"}


def outcomes(solved: dict[str, int], length: int = 20, seeds: int = 5) -> OrderMap:
    """Return a map of one length with so many seeds of each way that solve it."""
    made = [
        Outcome(length, way, seed, 0.0 if seed <= count else 0.7, 100, 1.0)
        for way, count in solved.items()
        for seed in range(1, seeds + 1)
    ]
    return OrderMap(tuple(made), dict(MADE))


def test_each_way_changes_one_setting_and_all_see_the_same_sequences() -> None:
    config = experiment(40, seed=3)
    runs = {run.name: flatten(config.resolve(run)) for run in config.runs}
    clipped = runs.pop(WAYS["norm"].label)
    assert len(runs) == 3
    for settings in runs.values():
        assert sum(settings[name] != clipped[name] for name in settings) == 1
    assert clipped["data.sequence_length"] == 40 and clipped["seed"] == 3


@pytest.mark.parametrize(("error", "solved"), [(0.0, True), (0.01, True), (0.0105, False), (None, False)])
def test_solved_is_at_most_one_in_a_hundred_wrong(error: float | None, solved: bool) -> None:
    assert Outcome(10, "none", 1, error, 1, 0.0).solved is solved


def test_clipping_is_said_to_help_at_a_length_only_where_seeds_leave_no_doubt() -> None:
    assert "5 of 5 seeds solve it clipped by norm, 0 of 5 without" in sentences(outcomes({"none": 0, "norm": 5}))[1]
    for free, clipped in [(1, 4), (0, 3), (3, 5), (5, 5), (5, 0)]:
        assert not [one for one in sentences(outcomes({"none": free, "norm": clipped})) if "without (" in one]


@pytest.mark.parametrize(
    ("free", "clipped", "said"),
    [
        (0, 6, "in 6, only the other in 0: more than luck with the seeds (sign test, p = 0.031)"),
        (0, 5, "in 5, only the other in 0: which may be luck with the seeds (sign test, p = 0.062)"),
        (3, 3, "in 0, only the other in 0: which may be luck with the seeds (sign test, p = 1)"),
        (6, 0, "in 0, only the other in 6: more than luck with the seeds (sign test, p = 0.031)"),
    ],
)
def test_pairs_are_counted_where_one_alone_solves_it(free: int, clipped: int, said: str) -> None:
    assert said in sentences(outcomes({"none": free, "norm": clipped}, seeds=6))[0]


def test_how_far_a_way_comes() -> None:
    said = sentences(outcomes({"none": 4, "norm": 5}))
    assert said[-1] == "All seeds solve it at no length without clipping, up to length 20 clipped by norm."


def test_it_is_kept_and_read_back(tmp_path: Path) -> None:
    found = outcomes({"none": 2, "norm": 5})
    MAP.write(found, tmp_path / "map.json")
    assert MAP.read(tmp_path / "map.json") == found
    interval = found.cell(20, "none").interval
    assert (round(interval.low, 3), round(interval.high, 3)) == (0.118, 0.769)  # Wilson's, of 2 out of 5


@pytest.mark.parametrize("text", ["", "{}", '{"format": 2}', '{"format": 1, "made": {}, "outcomes": []}', "[1]"])
def test_a_damaged_map_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "map.json").write_text(text)
    with pytest.raises(StoreError, match=r"temporal order map in map.json cannot be read"):
        MAP.read(tmp_path / "map.json")


def test_the_map_that_ships_shows_that_clipping_raises_the_rate_of_success(capsys: pytest.CaptureFixture[str]) -> None:
    found = MAP.read()
    assert tuple(found.lengths) == LENGTHS and found.ways == list(WAYS)
    assert all([item.seed for item in cell.outcomes] == list(SEEDS) for cell in found.cells)
    assert "more than luck with the seeds" in sentences(found)[0]
    assert any(found.cell(length, "norm").solved > found.cell(length, "none").solved for length in found.lengths)
    # Two cores share it.
    assert found.cpu_seconds / 2 < 600
    assert cli.main(["order-map", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert len(told["cells"]) == 16 and told["said"] == sentences(found)


def test_one_that_was_begun_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = outcomes(dict.fromkeys(WAYS, 5))
    trained: list[tuple[int, str, int]] = []

    def train(length: int, way: str, seed: int) -> Outcome:
        trained.append((length, way, seed))
        return next(item for item in whole.outcomes if (item.length, item.way, item.seed) == (length, way, seed))

    monkeypatch.setattr(order_map, "train", train)
    path = tmp_path / "map.json"
    order_map.train_all(whole.outcomes[:18], lengths=[20], keep=lambda found: MAP.write(found, path))
    assert trained == [(20, "orthogonal", 4), (20, "orthogonal", 5)]
    assert MAP.read(path).outcomes == whole.outcomes


def test_a_row_is_trained_as_work_and_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_map, "train", lambda length, way, seed: Outcome(length, way, seed, 0.0, 9, 1.0))
    told: list[float | None] = []
    found = measure(OrderQuestion(30, OTHER_SEEDS), lambda message, fraction: told.append(fraction))
    assert [cell.solved for cell in found.cells] == [5] * len(WAYS) and len(told) == 20
    # A GRU takes longer than a network from an orthogonal start, so more is done in its time.
    steps = np.diff([0.0 if one is None else one for one in told])
    assert (steps > 0).all() and steps[10] > 2 * steps[16] and sum(steps) < 1
    assert ORDER_MAP.read_result(json.loads(json.dumps(ORDER_MAP.written_result(found)))) == found
    with pytest.raises(ConfigError, match="10, 20, 30, 40"):
        measure(OrderQuestion(15, SEEDS), lambda message, fraction: None)


def test_what_was_measured_here_stands_beside_the_shipped_map() -> None:
    before = outcomes({"none": 0, "norm": 5})
    repeated = OrderMap(before.outcomes[1:9], dict(MADE))
    assert (
        "Of 8 trainings with the shipped map's seeds, 8 end as there, solved or not, 8 after"
        in beside(before, repeated)[0]
    )
    other = [replace(item, seed=item.seed + 5, error=0.7, updates=9) for item in before.outcomes]
    said = beside(before, OrderMap(tuple(other), dict(MADE)))
    assert (
        said[0].startswith("Shipped and measured here together: Of 10 pairs") and "in 5, only the other in 0" in said[0]
    )
    assert not [one for one in said if "5 of 10 seeds solve it clipped" in one and "0 of 10" not in one]


def test_a_cell_can_be_trained_again() -> None:
    outcome = train(10, "norm", 1)
    assert outcome.solved and outcome.updates < 2000 and outcome.cpu_seconds > 0
