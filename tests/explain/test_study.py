"""A study over a sample: the same numbers for the same question, honest intervals, sentences that follow from them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from sentiment_core.errors import ConfigError, DataError, NotFoundError
from sentiment_core.explain.study import curve_interval, interval, run
from sentiment_core.explain.study_question import study_arguments
from sentiment_core.explain.study_words import findings, markdown, say
from sentiment_core.progress import silent
from sentiment_core.store import Store

FAST = ["attention", "gradient_x_input"]


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SENTIMENT_HOME", str(tmp_path_factory.mktemp("home")))
        found = run(study_arguments("pretrained", "demo", 12, 0, FAST, Store()), silent)
    return json.loads(json.dumps(found))


def test_the_result_has_every_method_with_intervals_around_the_means(result: dict[str, Any]) -> None:
    assert [row["method"] for row in result["methods"]] == [*FAST, "random"]
    assert (result["reviews"], result["left_out"]) == (12, 0)
    for row in result["methods"]:
        for measure in ("comprehensiveness", "sufficiency", "deletion_area", "insertion_area"):
            assert row[measure]["low"] <= row[measure]["mean"] <= row[measure]["high"]
        for curve in ("deletion", "insertion"):
            assert len(row[curve]["mean"]) == len(row[curve]["low"]) == len(result["fractions"])
        assert set(row["precision"]) == {"R", "1", "5", "10"}
        assert ("comprehensiveness_gain" in row) == (row["method"] != "random")
    gradient, random = result["methods"][1], result["methods"][2]
    gain = gradient["comprehensiveness"]["mean"] - random["comprehensiveness"]["mean"]
    assert gradient["comprehensiveness_gain"]["mean"] == pytest.approx(gain)
    gain = random["sufficiency"]["mean"] - gradient["sufficiency"]["mean"]
    assert gradient["sufficiency_gain"]["mean"] == pytest.approx(gain)
    assert gradient["comprehensiveness_gain"]["low"] > 0 and gradient["passes"] == 1
    (pair,) = result["agreement"]
    assert -1 <= pair["tau"]["low"] <= pair["tau"]["high"] <= 1
    assert 0 < result["precision_reviews"] == round(result["accuracy"] * 12)


def test_the_same_question_gets_the_same_numbers_and_another_seed_another_sample(tiny: Any, store: Store) -> None:
    from sentiment_core.work.training import train_here

    (model,) = train_here(store, tiny({"training.epochs": 1}), lambda progress: None).runs

    def numbers(seed: int, methods: list[str]) -> str:
        found = run(study_arguments(model.id, "own", 12, seed, methods, store), silent)
        rows = [{key: value for key, value in row.items() if key != "seconds"} for row in found["methods"]]
        return json.dumps([rows, found["agreement"]])

    assert numbers(0, FAST) == numbers(0, FAST[::-1]) != numbers(1, FAST)


def test_reviews_without_known_words_are_left_out_and_too_few_are_refused(tmp_path: Any, store: Store) -> None:
    path = tmp_path / "odd.csv"
    path.write_text("text,label\n" + "".join(f"qwzzxy{'q' * (n % 9)},{n % 2}\n" for n in range(100)))
    with pytest.raises(DataError, match="only 0 reviews"):
        run(study_arguments("pretrained", str(path), 20, 0, FAST, store), silent)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"sample": 9}, "sample"),
        ({"seed": -1}, "seed"),
        ({"methods": ["random"]}, "at least one"),
        ({"methods": ["x"]}, "'x'"),
    ],
)
def test_impossible_questions_are_refused(changed: dict[str, Any], message: str, store: Store) -> None:
    asked: dict[str, Any] = {"model": "pretrained", "data": "demo", "sample": 20, "seed": 0, "methods": FAST} | changed
    with pytest.raises(ConfigError, match=message):
        study_arguments(**asked, store=store)


def test_a_model_that_is_not_there_and_reviews_that_do_not_come_with_it(store: Store) -> None:
    with pytest.raises(NotFoundError):
        study_arguments("none-1", "demo", 20, 0, FAST, store)
    with pytest.raises(ConfigError, match="own reviews"):
        run(study_arguments("pretrained", "own", 20, 0, FAST, store), silent)


def test_a_run_without_attention_is_asked_about_its_own_test_reviews(tiny: Any, store: Store) -> None:
    from sentiment_core.work.training import train_here

    experiment = train_here(store, tiny({"model.pooling": ("mean",), "training.epochs": 1}), lambda progress: None)
    (model,) = experiment.runs
    found = run(study_arguments(model.id, "own", 50, 0, FAST, store), silent)
    assert [row["method"] for row in found["methods"]] == ["gradient_x_input", "random"]
    assert found["reviews"] == 24 and found["left_out"] == 26  # a fifth of 120 reviews
    assert found["precision_reviews"] == round(24 * found["accuracy"]) and found["agreement"] == []
    assert "24 reviews" in findings(found)[0] and "26 fewer" in markdown(found)
    with pytest.raises(ConfigError, match="weighs no tokens"):
        run(study_arguments(model.id, "own", 50, 0, ["attention"], store), silent)


def test_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from sentiment_core.cli import main

    path = tmp_path / "short.csv"
    path.write_text("text,label\n" + "".join(f"A {('dull', 'fine')[n % 2]} film {n},{n % 2}\n" for n in range(100)))
    command = ["study", "--sample", "10", "--method", "gradient_x_input"]
    assert main([*command, "--data", str(path), "--json"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["reviews"] == 10 and "Review 10 of 10" in captured.err
    assert main([*command, "--data", "nowhere.csv"]) == 2
    assert "nowhere.csv" in capsys.readouterr().err


def test_intervals_hold_the_mean_of_what_was_drawn_as_often_as_they_say() -> None:
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(100):
        found = interval(rng.exponential(1.0, 80).tolist(), rng)
        held += found["low"] <= 1.0 <= found["high"]
    assert held >= stats.binom.ppf(0.001, 100, 0.93)
    curve = curve_interval([np.array([0.0, 1.0]), np.array([0.0, 3.0])], rng)
    assert curve["mean"] == [0.0, 2.0] and curve["low"][0] == curve["high"][0] == 0.0


def made_up(gains: dict[str, tuple[float, float]]) -> dict[str, Any]:
    flat = {"mean": 0.0, "low": 0.0, "high": 0.0}
    rows = []
    for name, (low, high) in {**gains, "random": (0, 0)}.items():
        gain = {"mean": (low + high) / 2, "low": low, "high": high}
        row = {"method": name, "title": f"Title: {name}", "precision": None, "passes": 1.0, "seconds": 0.1}
        row |= dict.fromkeys(("comprehensiveness", "sufficiency", "deletion_area", "insertion_area"), flat)
        rows.append(
            row | ({} if name == "random" else dict.fromkeys(("comprehensiveness_gain", "sufficiency_gain"), gain))
        )
    return {
        "model": "m", "data": "demo", "offered": 20, "seen": 0, "seed": 0, "reviews": 20,
        "left_out": 0, "confidence": 0.95, "methods": rows,
        "agreement": [], "tokens": 10.0, "accuracy": 0.5, "precision_reviews": 0,
    }  # fmt: skip


def test_sentences_follow_from_the_intervals() -> None:
    said = " ".join(findings(made_up({"good": (0.1, 0.2), "unclear": (-0.1, 0.2), "bad": (-0.3, -0.1)})))
    assert "Title: good beats random order: both gains" in said
    assert "For Title: unclear at least one interval includes 0" in said
    assert "Title: bad is worse than random order" in said
    assert "no method beats random order" in findings(made_up({"unclear": (-0.1, 0.2)}))[0]


def test_table_has_a_row_each_method_and_says_what_was_measured(result: dict[str, Any]) -> None:
    table = markdown(result)
    rows = [line for line in table.splitlines() if line.startswith("| Attention |")]
    assert len({line.count("|") for line in table.split("\n\n")[0].splitlines()}) == 1
    assert say(result["methods"][0]["comprehensiveness"]) in rows[0]
    assert "12 reviews" in table and "seed 0" in table
    assert say({"mean": -0.00001, "low": -0.2, "high": 0.3}) == "0.000 (−0.200 to 0.300)"
