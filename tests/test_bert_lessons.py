"""The six lessons about BERT: whole, runnable, and their choices decided by what was measured."""

from __future__ import annotations

import importlib
import inspect
import textwrap
from pathlib import Path

import numpy as np
import pytest

from sentiment_core.artifacts import run_place
from sentiment_core.config import from_query, to_query
from sentiment_core.findings.masked_words import NO_ONE, Held, Reached, Share, reached, share_of
from sentiment_core.findings.verdict import Verdict
from sentiment_core.lessons import (
    BERT_LESSONS,
    LESSONS,
    QUESTIONS,
    bert_experiment,
    bert_lesson,
    changed_fields,
    excerpt,
)
from sentiment_core.lessons import bert as lessons
from sentiment_core.pair_measures import PairMeasures, write_pair_measures
from sentiment_core.store import Store
from tests.test_lessons import against, run


def test_each_of_the_six_questions_has_a_lesson_in_its_order_under_a_name_of_its_own() -> None:
    assert [item.asked for item in BERT_LESSONS] == [item.name for item in QUESTIONS if item.name.startswith("2")]
    assert len({item.name for item in (*LESSONS, *BERT_LESSONS)}) == len(LESSONS) + len(BERT_LESSONS)
    assert all(bert_lesson(item.name) is item for item in BERT_LESSONS) and bert_lesson("relu") is None


@pytest.mark.parametrize("item", BERT_LESSONS, ids=lambda item: item.name)
def test_a_lesson_is_whole_and_shows_the_code_that_runs(item: lessons.BertLesson) -> None:
    assert item.summary and item.idea and item.look_for and item.explanation and item.places
    assert item.question.endswith("?") and item.formula.count("{") == item.formula.count("}")
    assert len(set(item.choices)) == len(item.choices) >= 2
    for reference in item.code:
        module, _, path = reference.partition(":")
        target = importlib.import_module(module)
        for part in path.split("."):
            target = getattr(target, part)
        assert excerpt(reference).text.strip() == textwrap.dedent(inspect.getsource(target)).strip()
    config = bert_experiment(item, changed_fields({"seed": "7", "training.max_steps": "5"}))
    assert (config.seed, config.training.max_steps) == (7, 5) and from_query(to_query(config)) == config
    assert config.runs == bert_experiment(item).runs


def share(low: float, high: float) -> Share:
    return Share((low + high) / 2, (high - low) / 2, 50)


def held(low: float, high: float, reads: float = 4.0) -> Held:
    """The second run's loss minus the first's lies between the two."""
    pairs = share(0.4, 0.6)
    return Held(
        "encoder", "decoder", 6.0, 0.95, share(low, high), share(reads, reads), share(reads, reads), pairs, pairs
    )


def test_the_choice_about_words_follows_from_the_interval() -> None:
    assert lessons.choice_of_words([held(0.1, 0.3)]) == "encoder"
    assert lessons.choice_of_words([held(-0.3, -0.1)]) == "decoder"
    assert lessons.choice_of_words([held(-0.1, 0.3)]) == NO_ONE
    assert lessons.choice_of_words([held(0.1, 0.3, reads=6.5)]) is None and lessons.choice_of_words([]) is None
    assert {"encoder", "decoder", NO_ONE} == set(BERT_LESSONS[0].choices)


@pytest.mark.parametrize(
    ("words", "pairs", "expected"),
    [
        ((4.0, 5.9), (0.51, 0.6), lessons.BOTH),
        ((4.0, 5.9), (0.49, 0.6), lessons.WORDS_ONLY),
        ((5.9, 6.1), (0.51, 0.6), lessons.PAIRS_ONLY),
        ((5.9, 6.1), (0.4, 0.49), lessons.NEITHER),
    ],
)
def test_the_choice_about_tasks_needs_what_is_clear(
    words: tuple[float, float], pairs: tuple[float, float], expected: str
) -> None:
    found = Reached(6.0, share(*words), share(*pairs))
    assert lessons.choice_of_tasks(found) == expected and expected in BERT_LESSONS[2].choices
    assert ("no better than answering by frequency" in found.sentences[0]) is (
        expected in (lessons.PAIRS_ONLY, lessons.NEITHER)
    )
    assert ("not told from chance" in found.sentences[1]) is (expected in (lessons.WORDS_ONLY, lessons.NEITHER))


@pytest.mark.parametrize(("low", "high", "place"), [(0.01, 0.1, 0), (-0.01, 0.1, 1), (-0.1, -0.01, 1)])
def test_the_choice_about_answers_needs_what_is_clear(low: float, high: float, place: int) -> None:
    verdict = Verdict((run(), run()), (against(low, high),), ())
    assert lessons.choice_of_answers(verdict) == lessons.WORTH[place]
    assert lessons.choice_of_answers(Verdict((run(), run()), (), ())) is None


def test_what_one_run_measured_is_judged_over_its_reviews(home: Path) -> None:
    config = bert_experiment(BERT_LESSONS[2])
    with Store() as store:
        trained = store.create_experiment(config).runs[0]
    assert reached(trained) is None
    rng = np.random.default_rng(0)
    place = np.arange(200)
    words = rng.integers(5, 10, 200).astype(float)
    values = np.column_stack([words, words * rng.normal(5.0, 0.1, 200), place % 2])
    folder = run_place(trained.experiment_id, trained.id)
    folder.mkdir(parents=True)
    write_pair_measures(folder, PairMeasures(np.column_stack([place, place]), place // 2, values, guess=6.0))
    found = reached(trained)
    assert found is not None and found.words.value == pytest.approx(5.0, abs=0.05) and found.guess == 6.0
    expected = share_of(values[:, 1], words, place // 2)
    assert expected is not None and found.words.half == pytest.approx(expected.half, rel=1e-4)
    assert lessons.choice_of_tasks(found) == lessons.WORDS_ONLY


def test_the_card_of_the_model_that_ships_is_read_and_nothing_is_said_without_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = lessons.also_measured(BERT_LESSONS[2])
    assert told is not None and "one seed" in told
    assert "bert-reviews, masked words" in told and "bert-encoder, masked" in told
    assert "bert-no-positions" in str(lessons.also_measured(BERT_LESSONS[5]))
    assert lessons.also_measured(BERT_LESSONS[0]) is None
    monkeypatch.setattr(lessons, "FOLDER", tmp_path)
    assert lessons.also_measured(BERT_LESSONS[2]) is None
