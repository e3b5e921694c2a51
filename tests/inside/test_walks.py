"""Walks: what is shown runs, what a number was computed from is right, wrong versions do what is said of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pandas as pd
import pytest
import torch

from sentiment_core.embeddings import WordVectors, load_saved
from sentiment_core.errors import DataError
from sentiment_core.inside.walks import attention, blanks, last_state, reviews
from sentiment_core.inside.walks.program import difference, execute, read_cells, shape_of, take
from sentiment_core.inside.walks.shapes import judge, parsed
from sentiment_core.models.pooling import masked_softmax

WORDS = [f"word{number}" for number in range(30)]
VECTORS = WordVectors("test", WORDS, torch.randn(30, 4, generator=torch.Generator().manual_seed(0)).numpy(), "test")
TEXTS = [" ".join(["Word0", "(unknown)", *WORDS[: 2 + place % 9]]) for place in range(200)]
SCOPES = {
    "words": reviews.scope_of(TEXTS, [0, 1] * 100, VECTORS),
    "batches": reviews.scope_of(TEXTS, [0, 1] * 100, VECTORS),
    "last-state": last_state.last_state_scope(),
    "attention": attention.attention_scope(),
}
WALKS = {walk.name: walk for walk in (reviews.WORDS, reviews.BATCHES, last_state.LAST_STATE, attention.ATTENTION)}


def taken(name: str, *wrong: str):
    return take(WALKS[name], SCOPES[name], wrong)


def made(name: str, variable: str, *wrong: str):
    """Return what the last step that makes `variable` made of it."""
    return next(step.made[variable] for step in reversed(taken(name, *wrong)) if variable in step.made)


@pytest.mark.parametrize("name", WALKS)
def test_every_line_runs_and_its_axes_are_named(name):
    steps = taken(name)
    assert len(steps) == len(WALKS[name].steps) and not any(step.error for step in steps)
    for step in steps:
        assert len(step.step.axes) == len(shape_of(step.made[step.step.makes[0]]))
        assert set(step.step.reads) <= set(step.before)


@pytest.mark.parametrize(("name", "variant"), [(name, variant) for name in WALKS for variant in WALKS[name].wrong])
def test_every_wrong_version_makes_a_difference(name, variant):
    right, wrong = taken(name), taken(name, variant)
    if variant == "minus_infinity":  # the same weights, as its text says, until a row is masked throughout
        assert difference(right[-1].made["context"], wrong[-1].made["context"]) == "Nothing differs."
        return
    first = next(place for place, step in enumerate(wrong) if step.code != step.step.code)
    asked = WALKS[name].steps[first].makes[0]
    differs = [
        step.error or difference(one.made[asked], step.made[asked])
        for one, step in zip(right[first:], wrong[first:], strict=False)
        if asked in one.made
    ]
    assert differs[0] != "Nothing differs." or wrong[-1].error


def test_words_become_a_padded_pair():
    matrix, other, padded = (made("words", name) for name in ("matrix", "other", "padded"))
    assert len(matrix) < len(other) and padded.shape == (2, len(other), 4)
    assert made("words", "first_zero").item() == len(matrix)
    assert "(unknown)" in made("words", "words") and "(unknown)" not in made("words", "known")
    assert len(made("words", "known", "not_lowered")) == len(matrix) - 1  # "Word0" is lost


@pytest.mark.real_data
def test_the_sheets_own_reviews_have_the_sheets_own_shapes(real_data):
    rows = pd.read_csv(real_data / "movie.csv.gz", nrows=2)
    scope = reviews.scope_of(rows["text"].tolist(), rows["label"].tolist(), load_saved("glove-50"))
    steps = {name: value for step in take(reviews.WORDS, scope) for name, value in step.made.items()}
    assert (len(steps["words"]), len(steps["known"])) == (151, 130)
    assert steps["matrix"].shape[0] == 130 and steps["padded"].shape[:2] == (2, 263)
    assert steps["first_zero"].item() == 130


def test_a_pair_of_equal_length_or_without_known_words_is_refused():
    for texts in (["word1 word2"] * 5, ["nothing", "known", "here"]):
        with pytest.raises(DataError, match="different numbers of known words"):
            reviews.scope_of(texts, [0] * len(texts), VECTORS)


def test_a_batch_is_padded_to_its_longest_and_stacking_fails():
    x, y = made("batches", "x"), made("batches", "y")
    assert x.shape[0] == y.shape[0] == 128 and x.shape[2] == 4
    assert len(made("batches", "train")) == 160 and len(made("batches", "test")) == 40
    assert made("batches", "share").item() == pytest.approx((x == 0).all(dim=2).float().mean().item())
    assert "stack expects each tensor to be equal size" in taken("batches", "no_collate")[-1].error


def test_both_ways_find_the_true_last_state():
    output, found = made("last-state", "output"), made("last-state", "gathered")
    assert torch.equal(found, torch.stack([output[0, 2], output[1, 4]]))
    assert made("last-state", "same") is True
    assert torch.equal(made("last-state", "both")[:2], made("last-state", "both")[2:])
    assert "out of bounds" in taken("last-state", "off_by_one")[-1].error
    assert made("last-state", "same", "wrong_axis") is False


def test_a_state_reads_its_own_review_up_to_its_word():
    first = taken("last-state")[0]
    reads = read_cells(first, "x", "output")
    assert reads is not None
    for place, (review, word) in enumerate((b, t) for b in range(2) for t in range(5) for _ in range(6)):
        assert {cell // 4 for cell in reads[place]} == {review * 5 + earlier for earlier in range(word + 1)}


def test_gather_reads_what_the_index_names_and_integers_carry_no_trace():
    step = next(step for step in taken("last-state") if "gathered" in step.made)
    assert read_cells(step, "output", "gathered") == [[2 * 6 + unit] for unit in range(6)] + [
        [5 * 6 + 4 * 6 + unit] for unit in range(6)
    ]
    assert read_cells(step, "index", "gathered") is None


def test_the_cell_run_twice_pairs_every_review_with_every_other():
    steps = taken("attention", "squeeze_twice")
    product_ = steps[1]
    assert [shape_of(step.made[step.step.makes[0]]) for step in steps[:4]] == [
        (2, 1, 1, 6),
        (2, 2, 5, 6),
        (2, 2, 6),
        (2, 2, 6),
    ]
    own, asked = read_cells(product_, "output", "product"), read_cells(product_, "h_n", "product")
    pairs = {(own[place][0] // 30, asked[place][0] // 6) for place in range(120)}
    assert pairs == {(0, 0), (0, 1), (1, 0), (1, 1)}
    right = taken("attention")[1]
    own, asked = read_cells(right, "output", "product"), read_cells(right, "h_n", "product")
    assert {(own[place][0] // 30, asked[place][0] // 6) for place in range(60)} == {(0, 0), (1, 1)}
    # The softmax then runs over reviews: the weights of both add up to 1.
    assert torch.allclose(steps[3].made["weights"].sum(1), torch.ones(2, 6))


def test_attention_is_that_of_the_models_and_its_mask_matters():
    weights, scores, mask = (made("attention", name) for name in ("weights", "scores", "mask"))
    assert torch.allclose(weights, masked_softmax(scores, mask)) and (weights[~mask] == 0).all()
    assert torch.equal(mask.sum(1), torch.tensor([1, 2]))
    assert torch.equal(made("attention", "context")[0], SCOPES["attention"]["output"][0, 0])
    assert torch.allclose(made("attention", "total"), torch.ones(2))
    uniform = made("attention", "weights", "mask_off_by_one")[0]
    assert torch.allclose(uniform, torch.full((5,), 0.2))
    assert made("attention", "weights", "mask_off_by_one", "minus_infinity")[0].isnan().all()
    assert (made("attention", "weights", "zero")[0, 1:] > 0).all()
    assert torch.allclose(made("attention", "weights", "softmax_0").sum(1), made("attention", "weights").sum(1))


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("[2, 5, 6]", ("2", "5", "6")),
        ("2x5x6", ("2", "5", "6")),
        ("torch.Size([2, 6])", ("2", "6")),
        ("128 T 100", ("128", "t", "100")),
        ("[]", ()),
        ("scalar", ()),
        ("two; drop table", ("two", "drop", "table")),
        ("<b>2</b>", None),
        ("1,2,3,4,5,6,7,8,9", None),
        ("-3", None),
    ],
)
def test_a_shape_is_read_in_many_spellings(text, sizes):
    assert parsed(text) == sizes


def test_a_prediction_gets_its_reason():
    axes = ("reviews", "words", "units")
    assert judge("2, 5, 6", (2, 5, 6), axes)[0]
    assert judge("128, T, 100", (128, 682, 100), axes, free=(1,))[0]
    for said, reason in (
        ("2, 6", "It has 3 axes, not 2"),
        ("5, 2, 6", "in another order"),
        ("2, 5, 7", "Axis 2 is units: 6, not 7"),
        ("lots!", "Write the size of each axis"),
    ):
        right, sentence = judge(said, (2, 5, 6), axes, why="Because.")
        assert not right and reason in sentence
    assert judge("", (), ())[0] and "one number" in judge("3", (), ())[1]


@pytest.mark.parametrize("exercise", blanks.EXERCISES.values(), ids=lambda item: item.name)
def test_an_exercise_is_solved_where_the_core_agrees_and_hints_at_the_rest(exercise):
    solved = []
    for chosen in product(*(range(len(blank.options)) for blank in exercise.blanks)):
        outcomes = blanks.check(exercise, chosen)
        if all(outcome.right for outcome in outcomes):
            solved.append(chosen)
        else:
            assert blanks.hints(exercise, chosen) and all(outcome.says for outcome in outcomes)
    assert len(solved) == (2 if exercise.name == "masking" else 1)  # ~(a < b) is a >= b
    assert tuple([0] * len(exercise.blanks)) not in solved
    assert not blanks.hints(exercise, solved[0])


def test_nothing_that_is_not_an_option_can_be_assembled():
    with pytest.raises(IndexError):
        blanks.EXERCISES["gather"].assembled((3, 0, 0))


def test_a_program_knows_no_more_than_it_is_given():
    with pytest.raises(NameError):
        execute("y = x + secret", {"x": 1})
    walk = replace(last_state.LAST_STATE, steps=last_state.LAST_STATE.steps[1:])
    assert "KeyError" in take(replace(walk, steps=(replace(walk.steps[0], code="x = {}['a']"),)), {})[0].error
