"""Several seeds: how they are written, the experiments they make, and the commands about them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sentiment_core.config import ExperimentConfig
from sentiment_core.errors import ConfigError
from sentiment_core.metrics import Status
from sentiment_core.seeds import MOST_SEEDS, over_seeds, parse_seeds
from sentiment_core.store import Experiment, Store, Worker, WorkProgress
from sentiment_core.work import training
from sentiment_core.work.training import train_each_here
from sentiment_core.work.worker import StopSignal
from tests.test_cli import SMALL, Cli, refused, run  # noqa: F401 (a fixture)


@pytest.mark.parametrize(
    ("text", "seeds"),
    [("1", (1,)), ("1,2,3", (1, 2, 3)), (" 5 ; 3 ", (5, 3)), ("1-4", (1, 2, 3, 4)), ("0, 7-8", (0, 7, 8))],
)
def test_seeds_are_read(text: str, seeds: tuple[int, ...]) -> None:
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize(
    "text",
    ["", "-1", "1-", "1.5", "a", "1,1", "1-99999999", "3-1", f"1-{MOST_SEEDS + 1}", "²", "99999999999", "2147483648"],
)
def test_what_is_no_seed_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="seed"):
        parse_seeds(text)


def test_each_seed_is_an_experiment_alike_in_all_else() -> None:
    config = ExperimentConfig(name="n" * 118)
    one, other = over_seeds(config, [4, 12])
    assert (one.seed, other.seed) == (4, 12) and one.name != other.name and len(other.name) <= 120
    assert one.model_dump(exclude={"seed", "name"}) == config.model_dump(exclude={"seed", "name"})
    assert over_seeds(config, [9]) == [config.model_copy(update={"seed": 9})]


def test_command_line_trains_groups_and_compares(run: Cli, home: Path) -> None:  # noqa: F811
    code, out, _ = run(
        "train", *SMALL, "--vary", "clipping", "--set", "training.max_norm=0.01", "--set", "seed=1,2", "--json"
    )
    document = json.loads(out)
    assert code == 0 and [len(each["runs"]) for each in document["experiments"]] == [2, 2]
    assert [group["seeds"] for group in document["groups"]] == [[1, 2], [1, 2]]
    assert document["groups"][0]["test_accuracy"]["n"] == 2
    assert [(each["real"], each["seeds"]) for each in document["comparisons"]] == [(None, [1, 2])]
    first, second = (each["run_id"] for each in document["experiments"][0]["runs"])
    code, out, _ = run("seeds")
    assert code == 0 and len(out.splitlines()) == 2 and "(n = 2)" in out
    code, out, _ = run("compare", first, second, "--json")
    assert code == 0 and json.loads(out)[0]["words"] == document["comparisons"][0]["words"]
    # The other seed of the same setting is no other setting.
    refused(run("compare", first, document["experiments"][1]["runs"][0]["run_id"]), "same settings")
    refused(run("compare", first), "at least two")
    refused(run("train", *SMALL, "--seed", "1,x"), "seed")


@pytest.mark.parametrize("end", [Status.FINISHED, Status.STOPPED])
def test_all_seeds_are_held_before_the_first_trains_and_stopped_with_it(
    home: Path, monkeypatch: pytest.MonkeyPatch, end: Status
) -> None:
    seen = []

    def trained(store: Store, experiment_id: str, stop: StopSignal, worker: Worker, watch: Any) -> Experiment:
        seen.append({each.config.seed: (each.status, each.worker) for each in store.experiments()})
        watch(WorkProgress("training", "Training"))
        waiting = [each for each in store.experiments() if each.status is Status.RUNNING and each.id != experiment_id]
        assert all(each.progress is not None for each in waiting)  # who waits says that it lives
        store.release(experiment_id, worker, end)
        return store.experiment(experiment_id)

    monkeypatch.setattr(training, "run_experiment", trained)
    with Store() as store:
        made = list(train_each_here(store, over_seeds(ExperimentConfig(), [1, 2, 3]), lambda progress: None))
        assert {each.status for each in store.experiments()} == {end}
    assert seen[0] == dict.fromkeys((1, 2, 3), (Status.RUNNING, Worker.of()))
    assert len(made) == (3 if end is Status.FINISHED else 1)
