"""No model is judged on what it has learned from: limits, copies, changed files and older runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sentiment_core.artifacts import SEEN, home
from sentiment_core.cli import main
from sentiment_core.config import ExperimentConfig
from sentiment_core.datasets import TEST, load_reviews
from sentiment_core.errors import DataError
from sentiment_core.explain import many_reviews
from sentiment_core.explain.answers_table import as_csv
from sentiment_core.explain.judged import seen_sentence
from sentiment_core.explain.study import draw_sample
from sentiment_core.explain.study_question import study_arguments
from sentiment_core.explain.study_words import described
from sentiment_core.explain.unseen import CHANGED, has_seen, own_test, seen_among
from sentiment_core.progress import silent
from sentiment_core.seen import is_in, learned_from
from sentiment_core.store import Run, Store
from sentiment_core.work.training import train_here

LINES = [f"{'Good' if n % 2 else 'Bad'} film number {n}, a caf\u00e9 in it,{n % 2}" for n in range(300)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.csv"
    write(path, LINES)
    return path


@pytest.fixture
def limited(store: Store, tiny: Callable[..., ExperimentConfig], file: Path) -> Run:
    """A run that read 100 of the file's 300 reviews."""
    fields = {"data.source": "csv", "data.path": str(file), "data.limit": 100, "training.epochs": 1}
    return train_here(store, tiny(fields), lambda progress: None).runs[0]


def write(path: Path, lines: list[str]) -> None:
    rows = (line.rpartition(",") for line in lines)
    path.write_text("text,label\n" + "".join(f'"{text}",{label}\n' for text, _, label in rows), encoding="utf-8")


def ask(store: Store, run: Run, data: object, sample: int = 300) -> Any:
    return draw_sample(study_arguments(run.id, str(data), sample, 0, ["gradient_x_input"], store), store, silent)


def test_a_study_of_a_limited_run_draws_none_of_its_training_reviews(store: Store, limited: Run, file: Path) -> None:
    reviews = load_reviews(limited.config.data)
    learned = {reviews.texts[index] for index in np.flatnonzero(reviews.parts != TEST)}
    whole, own = ask(store, limited, file), ask(store, limited, "own")
    assert not learned & set(whole.reviews.texts)
    assert (whole.offered, whole.seen, len(whole.reviews.texts)) == (300, len(learned), 300 - len(learned)) == (
        300, 80, 220,
    )  # fmt: skip
    assert set(own.reviews.texts) == {reviews.texts[index] for index in reviews.select(TEST)}
    assert (own.offered, own.seen) == (20, 0)


def test_copies_are_left_out_whatever_their_case_and_white_space(
    store: Store, limited: Run, file: Path, tmp_path: Path
) -> None:
    reviews = load_reviews(limited.config.data)
    learned = [reviews.texts[index] for index in np.flatnonzero(reviews.parts != TEST)[:30]]
    changed = [learned[0].upper(), learned[1].replace(" ", " <br /> "), learned[2].replace("\u00e9", "e\u0301")]
    other = [learned[3] + "!", *(f"Another film {n}" for n in range(18))]
    path = tmp_path / "other.csv"
    write(path, [f"{text},{n % 2}" for n, text in enumerate([*changed, *other, other[1]])])
    found = ask(store, limited, path)
    assert (found.offered, found.seen) == (23, 3) and set(found.reviews.texts) == set(other)
    result = {
        "model": limited.id,
        "data": "other.csv",
        "offered": 23,
        "seen": 3,
        "reviews": 20,
        "left_out": 0,
        "seed": 0,
    }
    copies = "2 of the 23 reviews are copies of one another, 1 text in all; all copies of a text are in one part."
    assert found.remarks[0] == copies and "test" not in " ".join(found.remarks)
    result["remarks"] = found.remarks
    result |= {"tokens": 5.0, "accuracy": 0.5, "precision_reviews": 0, "confidence": 0.95}
    assert "3 of the 23 reviews were left out" in described(result) and copies in described(result)
    assert "left out" not in described({**result, "seen": 0}) and "cannot be told" in described(
        {**result, "seen": None}
    )
    write(path, [f"{text},{n % 2}" for n, text in enumerate(learned)])
    with pytest.raises(DataError, match="only 0 of the 30 reviews are new"):
        ask(store, limited, path)


def test_a_file_that_has_changed_is_not_the_runs_own_any_more(store: Store, limited: Run, file: Path) -> None:
    assert len(own_test(limited.id, store).texts) == 20
    write(file, [line.replace("Good film", "Fine film") for line in LINES])
    with pytest.raises(DataError) as caught:
        own_test(limited.id, store)
    assert str(caught.value) == CHANGED
    # What it was trained on is still known, so the new file can be asked about.
    assert ask(store, limited, file).seen == sum("Bad" in text for text in _learned_texts(limited))
    file.unlink()
    with pytest.raises(DataError, match="no longer where it was"):
        own_test(limited.id, store)


def _learned_texts(run: Run) -> list[str]:
    data = run.config.data
    path = Path(data.path or "")
    now = path.read_text(encoding="utf-8")
    write(path, LINES)
    reviews = load_reviews(data)
    path.write_text(now, encoding="utf-8")
    return [reviews.texts[index] for index in np.flatnonzero(reviews.parts != TEST)]


def test_a_run_from_before_the_lists_is_told_by_its_reviews_and_nothing_is_claimed_once_they_are_gone(
    store: Store, limited: Run, file: Path, home: Path
) -> None:
    (home / "experiments" / limited.experiment_id / SEEN).unlink()
    assert ask(store, limited, file).seen == 80
    other = file.with_name("other.csv")
    file.rename(other)
    assert ask(store, limited, other).seen is None
    assert seen_among(["Bad film"], limited.id, store) is None


def test_the_answer_of_a_file_says_how_much_of_it_was_learned(
    store: Store, limited: Run, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["predict", "--model", limited.id, "--data", str(file)]
    assert main([*command, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    seen = np.array([row["seen"] for row in document["rows"]])
    right = np.array([row["label"] for row in document["rows"]]) == np.arange(300) % 2
    assert document["seen"] == 80 == seen.sum()
    assert document["accuracy"] == pytest.approx(right.mean())
    assert document["unseen"]["accuracy"] == pytest.approx(right[~seen].mean())
    assert main(command) == 0
    assert "trained or validated on the text of 80 of these 300 reviews" in capsys.readouterr().out

    write(file, [f"Another film {n},{n % 2}" for n in range(40)])
    assert main([*command, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["seen"] == 0 and "unseen" not in document
    assert main(command) == 0
    assert "trained or validated" not in capsys.readouterr().out


def test_a_file_of_nothing_else_says_that_it_is_no_test(store: Store, limited: Run, file: Path) -> None:
    asked = many_reviews.reviews_of(many_reviews.arguments_for(limited.id, str(file), store), store)
    assert asked.seen is not None and asked.seen.sum() == 80
    texts = [text for text, seen in zip(asked.texts, asked.seen, strict=True) if seen]
    only = many_reviews.Asked(texts, np.zeros(80, dtype=np.int8), seen=np.ones(80, dtype=bool))
    assert "what it remembers" in (seen_sentence(only.about, np.full(80, 0.9)) or "")
    assert b"label,seen,text" in as_csv(only, [0.9] * 80, 0.5)


def test_the_shipped_model_knows_its_reviews(real_data: Path, store: Store) -> None:
    from sentiment_core.explain.unseen import seen_by
    from sentiment_core.settings import DataConfig

    reviews = load_reviews(DataConfig(source="csv", path=str(real_data / "movie.csv.gz"), split="notebook"))
    seen = seen_by("pretrained", store)
    assert seen is not None and np.array_equal(seen, learned_from(reviews))
    assert is_in([reviews.texts[index] for index in reviews.select(TEST)], seen).sum() == 97


def test_a_single_review_is_known_again_and_nothing_is_read_for_it(
    store: Store, limited: Run, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reviews = load_reviews(limited.config.data)
    learned = reviews.texts[int(np.flatnonzero(reviews.parts != TEST)[0])]
    tested = reviews.texts[int(reviews.select(TEST)[0])]
    file.unlink()
    assert has_seen(f" {learned.upper()}\n", limited.id, store) is True and has_seen(tested, limited.id, store) is False

    def asked(text: str) -> tuple[str, Any]:
        capsys.readouterr()
        assert main(["explain", "--model", limited.id, "--text", text]) == 0
        words = capsys.readouterr().out
        assert main(["explain", "--model", limited.id, "--text", text, "--json"]) == 0
        return words, json.loads(capsys.readouterr().out)["seen"]

    words, seen = asked(learned)
    assert "trained or validated on this very review" in words and seen is True
    words, seen = asked(tested)
    assert "trained or validated" not in words and seen is False
    listed = home() / "experiments" / limited.experiment_id / SEEN
    listed.write_bytes(b"damaged")
    assert has_seen(learned, limited.id, store) is None
    listed.unlink()
    assert has_seen(learned, limited.id, store) is None and asked(learned)[1] is None
