"""The command line is a contract: JSON shapes, exit codes, one line on standard error for bad input.

Longer than other files: every command is held to the same contract.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sentiment_core import cli
from sentiment_core.cli import about, runs
from sentiment_core.config import FIELDS
from sentiment_core.presets import PRESETS
from sentiment_core.steps.quantities import STEP_COLUMNS
from sentiment_core.training import memory

ROOT = Path(__file__).resolve().parents[1]
SMALL = ["--limit", "120", "--embeddings", "random", "--epochs", "1", "--device", "cpu", "--set", "model.hidden_size=8"]
SMALL += ["--set", "data.embedding_dim=6", "--set", "data.max_tokens=30", "--set", "training.batch_size=16"]
RUN_KEYS = {
    "run_id",
    "name",
    "status",
    "parameters",
    "steps",
    "seconds",
    "tokens_per_second",
    "validation_accuracy",
    "test_accuracy",
}
Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Cli:
    """`run("train", "--json")` → exit code, standard output, standard error."""

    def call(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        try:
            code = cli.main(arguments)
        except SystemExit as error:
            code = int(error.code or 0)
        output = capsys.readouterr()
        return code, output.out, output.err

    return call


@pytest.fixture(scope="module")
def trained_home(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A home with one trained run, shared by the tests that only read."""
    place = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SENTIMENT_HOME", str(place))
        patch.setattr(sys, "stdout", (place / "out.json").open("w"))
        assert cli.main(["train", *SMALL, "--json"]) == 0
        sys.stdout.close()
    return place, json.loads((place / "out.json").read_text())["runs"][0]["run_id"]


@pytest.fixture
def model(trained_home: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("SENTIMENT_HOME", str(trained_home[0]))
    return trained_home[1]


def refused(result: tuple[int, str, str], *words: str) -> None:
    code, out, err = result
    assert (code, out) == (2, "")
    lines = [line for line in err.splitlines() if line]
    assert lines[-1].startswith("error: ") and sum(line.startswith("error:") for line in lines) == 1
    for word in words:
        assert word in lines[-1]


def test_train_and_metrics(run: Cli) -> None:
    code, out, err = run(
        "train", *SMALL, "--vary", "clipping", "--set", "training.max_norm=0.5", "--seed", "3", "--json"
    )
    document = json.loads(out)
    assert code == 0 and "Starting" in err
    assert set(document) >= {"experiment_id", "runs"} and len(document["runs"]) == 2
    for member in document["runs"]:
        assert set(member) >= RUN_KEYS
        assert member["run_id"].startswith(document["experiment_id"])
        assert member["status"] == "finished" and member["steps"] > 0 and member["tokens_per_second"] > 0
        assert 0 <= member["validation_accuracy"] <= 1 and 0 <= member["test_accuracy"] <= 1
    off, on = (json.loads(run("metrics", member["run_id"], "--json")[1]) for member in document["runs"])
    assert len(off) == len(on) == document["runs"][0]["steps"]
    assert set(off[0]) == set(STEP_COLUMNS)
    assert off[0]["loss"] == on[0]["loss"]
    assert all(row["grad_norm"] == row["grad_norm_clipped"] for row in off)
    assert all(row["grad_norm_clipped"] <= 0.5 for row in on)
    assert {row["threshold"] for row in off} == {None} and {row["threshold"] for row in on} == {0.5}


def test_a_training_that_cannot_fit_is_refused_before_anything_is_loaded(
    run: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "available_memory", lambda: 2**31)
    monkeypatch.setattr(memory, "may_have_gpu", lambda: False)
    code, out, error = run("train", "--set", "training.batch_size=4096", "--set", "model.hidden_size=1024")
    assert (code, out) == (2, "")
    assert "would take about" in error and "2.1 GB are free. Lower the batch size" in error


def test_a_command_that_runs_out_of_memory_says_so_in_one_line(run: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(options: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

    monkeypatch.setattr(about, "presets", fail)
    assert run("presets") == (2, "", "error: Out of memory. Use fewer or shorter reviews, or close other programs.\n")


def test_training_from_a_file(run: Cli, tmp_path: Path) -> None:
    path = tmp_path / "reviews.csv"
    rows = [f"a good film number {number},pos\na bad film number {number},neg" for number in range(20)]
    path.write_text("text,label\n" + "\n".join(rows))
    code, out, _ = run("train", *SMALL, "--limit", "none", "--data", str(path), "--max-steps", "1", "--json")
    assert code == 0 and json.loads(out)["runs"][0]["steps"] == 1


def test_plain_text_output(run: Cli, model: str, tmp_path: Path) -> None:
    (tmp_path / "two.csv").write_text("text,label\na good film,1\na bad film,0\n")
    assert "finished" in run("train", *SMALL)[1]
    assert run("metrics", model)[1].startswith(",".join(STEP_COLUMNS))
    assert "accuracy" in run("predict", "--model", model, "--data", str(tmp_path / "two.csv"))[1]
    assert "P(positive)" in run("explain", "--model", model, "--text", "a good film zyzzyva")[1]
    assert "attention" in run("presets")[1] and "training.learning_rate" in run("fields")[1]


def test_every_command_has_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    def helped(*command: str) -> str:
        with pytest.raises(SystemExit, match="0"):
            cli.main([*command, "--help"])
        return capsys.readouterr().out

    commands = re.findall(r"^    (\S+) ", helped(), flags=re.MULTILINE)
    assert {"train", "predict", "seeds"} <= set(commands)
    for command in commands:
        assert "usage: " in (text := helped(command)) and "%%" not in text, command


def test_presets_and_fields(run: Cli) -> None:
    presets = json.loads(run("presets", "--json")[1])
    assert [item["name"] for item in presets] == list(PRESETS)
    assert all({"name", "title", "parameters"} <= set(item) for item in presets)
    counts = {item["name"]: item["parameters"] for item in presets}
    ladder = (
        "padded-last-state last-state clip-norm clip-value xavier batch-norm relu deep-head learning-rates attention"
    )
    assert set(ladder.split()) <= set(counts)
    assert (counts["padded-last-state"], counts["last-state"], counts["attention"]) == (42_441, 29_569, 37_761)
    assert [item["field"] for item in json.loads(run("fields", "--json")[1])] == list(FIELDS)


def test_later_options_win_over_the_preset() -> None:
    parse = cli.build_parser().parse_args
    arguments = [
        "train",
        "--preset",
        "attention",
        "--epochs",
        "3",
        "--set",
        "training.epochs=4",
        "--set",
        "data.limit=50",
    ]
    (config,) = runs.build_configs(
        parse([*arguments, "--set", "data.tokenizer=word", "--data", "imdb", "--split", "official"])
    )
    assert (config.training.epochs, config.data.limit, config.data.tokenizer) == (4, 50, "word")
    assert (config.data.source, config.data.split) == ("imdb", "official")
    assert config.name == "Attention, training.epochs=4, data.limit=50, data.tokenizer=word"
    assert config.model == PRESETS["attention"].config.model
    (own,) = runs.build_configs(parse(["train", "--set", "data.path=/home/anna/x.csv", "--set", "model.cell=gru"]))
    assert own.name == "model.cell=gru", "where files lie is in no name"
    (twins,) = runs.build_configs(parse(["train", "--preset", "last-state", "--vary", "clipping"]))
    resolved = [twins.resolve(member).training for member in twins.runs]
    assert [(item.clipping, item.max_norm) for item in resolved] == [("none", 1.0), ("norm", 1.0)]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--epochs", "0"], ["training.epochs", "≥ 1 and ≤ 200"]),
        (["--epochs", "many"], ["training.epochs"]),
        (["--limit", "5"], ["data.limit", "≥ 20"]),
        (["--seed", "-1"], ["seed"]),
        (["--embeddings", "glove-300"], ["data.embeddings", "glove-50, glove-100, word2vec, random"]),
        (["--split", "official"], ["data.split", "imdb only"]),
        (["--preset", "nope"], ["'nope'", "padded-last-state"]),
        (["--set", "training.learning_rate"], ["FIELD=VALUE"]),
        (["--set", "training.lr=1"], ["training.lr", "no such setting"]),
        (["--set", "runs=2"], ["runs", "no such setting"]),
        (["--set", "training.learning_rate=-1"], ["training.learning_rate", "> 0 and ≤ 1,000", "-1"]),
        (["--set", "training.precision=fp16", *SMALL], ["training.precision", "fp16 needs a CUDA GPU"]),
        (["--device", "tpu"], ["device", "auto, cpu, cuda, mps"]),
        (["--data", "missing.csv"], ["missing.csv", "no such file"]),
        (["--data", "reviews.docx"], ["reviews.docx", ".csv"]),
        (["--data", "~nobody-here/reviews.csv"], ["reviews.csv"]),
        (["--vary", "weather"], ["--vary", "clipping"]),
        (["--surprise"], ["--surprise"]),
    ],
    ids=lambda value: " ".join(value)[:40],
)
def test_bad_training_options(arguments: list[str], words: list[str], run: Cli) -> None:
    refused(run("train", *arguments, "--json"), *words)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["sing"],
        ["metrics"],
        ["metrics", "no-such-run"],
        ["predict", "--data", "missing.csv", "--model", "no-such-run"],
        ["explain", "--model", "no-such-run", "--text", "hello"],
        ["explain", "--model", "../../etc", "--text", "hello"],
        ["explain"],
    ],
    ids=" ".join,
)
def test_bad_commands(arguments: list[str], run: Cli) -> None:
    refused(run(*arguments))


def test_predict(run: Cli, model: str, tmp_path: Path) -> None:
    path = tmp_path / "three.csv"
    path.write_text('text,label\n"a good film, truly",1\n,0\n電影 <b>,positive\n')
    document = json.loads(run("predict", "--model", model, "--data", str(path), "--json")[1])
    assert len(document["rows"]) == 3 and set(document["rows"][0]) == {"probability", "label", "seen"}
    labels = [row["label"] for row in document["rows"]]
    assert labels == [int(row["probability"] >= 0.5) for row in document["rows"]]
    # A row without text, and one without a word that the model knows, are answered and not counted.
    assert document["accuracy"] == (labels[0] == 1)
    told = " ".join(document["warnings"])
    assert "1 of 3 rows has no text" in told and "1 of 3 reviews has no word" in told
    path.write_text("review\nsome film\n")
    document = json.loads(run("predict", "--model", model, "--data", str(path), "--text-column", "review", "--json")[1])
    assert "accuracy" not in document and len(document["rows"]) == 1
    path.write_text("one,two\nsome,film\n")
    refused(run("predict", "--model", model, "--data", str(path), "--json"), "--text-column")


TEXTS = {
    "plain": "A good film, but the plot didn't work.",
    "unknown": "zyzzyva qwxyz",
    "emoji": "👍🏽👨‍👩‍👧 film 😀",
    "right to left": "סרט נהדר film فيلم رائع",
    "markup": "<script>alert('film')</script><img src=x onerror=alert(1)>",
    "half characters": "film \udcff\ud800",
    "controls": "film\x00\x1b[31m\r\n\x07film",
    "long": "the film was good and " * 10_000,
}


@pytest.mark.parametrize("kind", TEXTS)
def test_explain_any_text(kind: str, run: Cli, model: str) -> None:
    text = TEXTS[kind]
    code, out, _ = run("explain", "--model", model, "--text", text, "--json")
    document = json.loads(out)
    assert code == 0 and 0 <= document["probability"] <= 1
    assert document["label"] == int(document["probability"] >= 0.5)
    assert document["truncated"] is (kind == "long")
    said = " ".join(document["warnings"])
    assert ("No word of this review" in said) is (kind == "unknown")
    assert ("The model has read the first 30 of 40,000 tokens" in said) is (kind == "long")
    assert all(set(token) == {"text", "start", "end", "known", "used", "attention"} for token in document["tokens"])
    assert all(token["text"] == text[token["start"] : token["end"]] for token in document["tokens"])
    attention = sum(token["attention"] for token in document["tokens"])
    assert attention == pytest.approx(1.0 if any(token["known"] for token in document["tokens"]) else 0.0, abs=1e-5)
    assert all(token["attention"] == 0.0 for token in document["tokens"] if not token["known"])
    if kind == "long":
        assert len(document["tokens"]) == 50_000
    assert run("explain", "--model", model, "--text", text)[0] == 0


@pytest.mark.parametrize(
    ("text", "words"), [("", "empty"), (" \n\t ", "empty"), ("x" * 1_000_001, "1,000,000 are allowed")]
)
def test_explain_refuses_nothing_and_too_much(text: str, words: str, run: Cli, model: str) -> None:
    refused(run("explain", "--model", model, "--text", text, "--json"), words)


def test_as_a_process(model: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sentiment_core"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}

    def start(*arguments: str) -> subprocess.Popen[str]:
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen([*command, *arguments], cwd=ROOT, env=environment, **pipes)

    good = start("explain", "--model", model, "--text", "film 👍 é", "--json")
    bad = start("train", "--set", "training.epochs=0", "--json")
    out, err = good.communicate(timeout=60)
    assert (good.returncode, err) == (0, "")
    assert [token["text"] for token in json.loads(out)["tokens"]] == ["film", "👍", "é"]
    out, err = bad.communicate(timeout=60)
    assert (bad.returncode, out) == (2, "") and err.count("\n") == 1 and "training.epochs" in err


def test_metrics_are_strict_json_when_all_numbers_are_finite(run: Cli, model: str) -> None:
    """An unclipped run has no threshold: that is `null`, not a bare `NaN` that strict parsers refuse."""

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    rows = json.loads(run("metrics", model, "--json")[1], parse_constant=refuse)
    assert rows and all(row["threshold"] is None for row in rows)
