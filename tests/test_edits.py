"""Edited reviews say the opposite; opinions written by rule say what their label says; the pairs are whole."""

from __future__ import annotations

import re
from random import Random

import numpy as np
import pytest

from benchmarks.edited_pairs import HALVES, read_pairs
from benchmarks.edits import Editor, sentences
from benchmarks.lexicon import learn_lexicon
from benchmarks.opposites import KINDS
from benchmarks.stumbles import Stumble, judge, read_stumbles
from benchmarks.variants import PHRASES
from benchmarks.verdicts import verdict
from ui.kit.examples import EXAMPLES

LISTED = sorted({word for sides in KINDS.values() for words in sides for word in words})


@pytest.fixture(scope="module")
def editor() -> Editor:
    """An editor that knows the listed words alone."""
    count = len(LISTED)
    return Editor(learn_lexicon(LISTED, np.eye(count), np.zeros(count), np.ones(count)))


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("it was a wonderful film and i loved it .", 1),
        ("the plot is boring . i hated it . a mess .", 0),
        ("i did n't like it . not funny .", 0),
        ("never dull , never silly . highly recommended . 9 out of 10 .", 1),
    ],
)
def test_an_edited_text_speaks_for_the_other_side(editor: Editor, text: str, label: int) -> None:
    tokens = text.split()
    own = editor.polarity(tokens)
    assert (own[0] > own[1]) == bool(label)
    for seed in range(20):
        edited = editor.flip(tokens, label, 1.0, Random(seed))
        praise, blame = editor.polarity(edited.tokens)
        # Hopes ("could have been wonderful") leave the word, so nothing else may speak for the old side.
        assert edited.share == 1.0 and edited.tokens != tokens
        assert (praise > blame) != bool(label) or any(word in edited.tokens for word in ("could", "should", "be"))


def test_what_is_no_opinion_stays(editor: Editor) -> None:
    tokens = [
        "a",
        "film",
        "like",
        "this",
        ",",
        "in",
        "which",
        "people",
        "go",
        "home",
        "as",
        "well",
        ",",
        "is",
        "a",
        "love",
        "story",
        ".",
    ]
    assert editor.flip(tokens, 1, 1.0, Random(0)) == editor.flip(tokens, 0, 1.0, Random(0))
    assert editor.flip(tokens, 1, 1.0, Random(0)).tokens == tokens


def test_ratings_change_sides(editor: Editor) -> None:
    for seed in range(20):
        (rating, *_) = editor.flip(["9", "out", "of", "10"], 1, 1.0, Random(seed)).tokens
        assert 1 <= int(rating) <= 4
        assert editor.flip(["9", "/", "11"], 1, 1.0, Random(seed)).tokens == ["9", "/", "11"]


def test_verdicts_are_of_both_labels_and_differ() -> None:
    rng = Random(0)
    written = [{" ".join(verdict(label, rng)) for _ in range(2000)} for label in (0, 1)]
    assert min(map(len, written)) > 1000 and not written[0] & written[1]
    assert not any("{" in text or "}" in text for texts in written for text in texts)
    assert list(sentences(["a", "b", ".", "c", "!", "d"])) == [["a", "b", "."], ["c", "!"], ["d"]]


@pytest.mark.parametrize(("kind", "count"), [("edited", 72), ("longer", 32), ("ordinary", 64)])
def test_pairs_differ_and_halves_are_balanced(kind: str, count: int) -> None:
    pairs = read_pairs(kind=kind)
    assert len(pairs) == count and all(pair.original != pair.edited for pair in pairs)
    assert not any(sign in text for pair in pairs for text in (pair.original, pair.edited) for sign in "{|}")
    halves = [read_pairs(half, kind) for half in HALVES]
    assert not set(halves[0]) & set(halves[1])
    assert [sum(pair.label for pair in half) for half in halves] == [count // 4, count // 4]


def runs_of_words(text: str, length: int) -> set[tuple[str, ...]]:
    words = re.findall(r"[\w']+", text.lower())
    return {tuple(words[place : place + length]) for place in range(len(words) - length + 1)}


def test_short_reviews_that_judge_a_model_are_other_words_than_it_learns_and_than_the_examples() -> None:
    halves = [read_stumbles(half) for half in HALVES]
    assert [{(item.kind, item.label) for item in half} for half in halves] == 2 * [
        {(kind, label) for kind in ("negation", "sarcasm", "plot", "mixed", "praise") for label in (0, 1)}
    ]
    taken = set[tuple[str, ...]]().union(
        *(runs_of_words(text, 6) for text in (*EXAMPLES.values(), *PHRASES.read_text(encoding="utf-8").splitlines()))
    )
    assert not [item.text for half in halves for item in half if runs_of_words(item.text, 6) & taken]


class Asked:
    """Says 0.9 of what begins with "Great", else 0.1."""

    def predict(self, texts: list[str]) -> np.ndarray:
        return np.where([text.startswith("Great") for text in texts], 0.9, 0.1)


def test_a_model_is_judged_by_the_label_of_each_short_review() -> None:
    stumbles = [Stumble(1, "praise", "Great."), Stumble(0, "sarcasm", "Great, no."), Stumble(0, "plot", "Bad.")]
    assert judge(Asked(), stumbles).tolist() == [True, False, True]  # type: ignore[arg-type]
