"""Several seeds: how they are written, the experiments they make, and the commands about them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sentiment_core.config import ExperimentConfig
from sentiment_core.errors import ConfigError
from sentiment_core.seeds import MOST_SEEDS, over_seeds, parse_seeds
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
