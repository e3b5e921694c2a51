"""Edits by character offsets, what the model says to them, and nearby words."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_core.errors import ConfigError
from sentiment_core.explain.counterfactual import (
    Draft,
    answer,
    deleted,
    masked,
    neighbours,
    probabilities,
    replaced,
    retyped,
)
from sentiment_core.explain.methods import attribute
from sentiment_core.explain.predictor import sigmoid

TEXT = "word1 word2 word3 word4"


@pytest.mark.parametrize(
    ("text", "span", "left"),
    [
        ("a bad film", (2, 5), "a film"),
        ("bad film", (0, 3), "film"),
        ("a film", (2, 6), "a "),
        ("good,bad", (4, 5), "good bad"),
        ("isn't it", (2, 5), "is it"),
        ("so 🙂 yes", (3, 4), "so yes"),
    ],
)
def test_deleting_a_token_leaves_a_readable_text(text, span, left):
    assert deleted(Draft(text), *span).text == left


def test_masks_follow_their_words_through_other_edits():
    draft = masked(Draft(TEXT), 12, 17)
    assert draft.text == TEXT
    for edited in (deleted(draft, 0, 5), replaced(draft, 6, 11, "word30"), retyped(draft, "Oh, " + TEXT)):
        ((start, end),) = edited.masked
        assert edited.text[start:end] == "word3"
    assert replaced(draft, 12, 17, "word9").masked == ()
    assert deleted(draft, 12, 17).masked == ()


@given(st.text(max_size=30), st.text(max_size=30))
def test_retyping_gives_the_text_and_keeps_masks_inside_it(before, after):
    spans = tuple((place, place + 1) for place in range(0, len(before), 3))
    found = retyped(Draft(before, spans), after)
    assert found.text == after
    assert all(0 <= start < end <= len(after) for start, end in found.masked)


@given(st.text(min_size=1, max_size=30), st.data())
def test_deleting_takes_nothing_but_the_token_and_a_space(text, data):
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    left = deleted(Draft(text), start, end).text
    assert left.replace(" ", "") == (text[:start] + text[end:]).replace(" ", "")


@pytest.mark.parametrize("span", [(-1, 3), (3, 3), (5, 2), (0, 99)])
def test_offsets_outside_the_text_are_refused(span):
    with pytest.raises(ConfigError, match="not in this review"):
        masked(Draft(TEXT), *span)


@pytest.mark.parametrize("baseline", ["mean", "zero"])
@pytest.mark.parametrize("fields", [{}, {"model.cell": "gru", "model.pooling": ["attention_additive"]}])
def test_masking_and_deleting_are_what_occlusion_says(make_predictor, fields, baseline):
    predictor = make_predictor(fields)
    original = Draft(TEXT)
    before = predictor.logits([predictor.read(TEXT)[0].token_ids])[0]
    scores = {
        item.method: item.scores
        for item in attribute(predictor, TEXT, ["occlusion_mask", "occlusion_delete"], 1, baseline)
    }
    for place, start in enumerate(range(0, len(TEXT), 6)):
        drafts = [masked(original, start, start + 5), deleted(original, start, start + 5)]
        expected = sigmoid(np.array([before - scores[name][place] for name in ("occlusion_mask", "occlusion_delete")]))
        np.testing.assert_allclose(probabilities(predictor, drafts, baseline), expected, atol=1e-5)


def test_answer_to_a_masked_draft_has_its_probability_and_attention(make_predictor):
    predictor = make_predictor({"model.pooling": ["attention_additive"]})
    draft = masked(Draft(TEXT), 6, 11)
    found = answer(predictor, draft)
    assert found.probability == pytest.approx(float(probabilities(predictor, [draft])[0]))
    assert sum(token.attention for token in found.tokens) == pytest.approx(1.0, abs=1e-5)
    assert found.tokens[1].attention != pytest.approx(predictor.explain(TEXT).tokens[1].attention, abs=1e-7)
    assert answer(predictor, Draft(TEXT)).probability == predictor.explain(TEXT).probability


def test_neighbours_are_the_nearest_by_cosine(make_predictor):
    predictor = make_predictor()
    found = neighbours(predictor, "word7", 5)
    table = predictor.embed(np.arange(1, 41)).astype(np.float64)
    cosines = table @ table[7] / np.linalg.norm(table, axis=1) / np.linalg.norm(table[7])
    cosines[7] = -9
    best = np.argsort(-cosines)[:5]
    assert [item.word for item in found] == [f"word{place}" for place in best]
    np.testing.assert_allclose([item.cosine for item in found], cosines[best], atol=1e-5)
    assert neighbours(predictor, "nosuchword") == []
    assert neighbours(predictor, "word1 word2") == []


def test_neighbours_in_glove_are_words_used_alike(pretrained):
    assert {"horrible", "awful"} & {item.word for item in neighbours(pretrained, "terrible", 5)}


@pytest.mark.parametrize("text", ["word1 " * 90, "x" * 400, "word1 " + "x" * 300 + " word2" * 60, "word1 word2"])
def test_only_what_the_model_reads_of_a_long_review_is_asked(make_predictor, text):
    predictor = make_predictor({"data.max_tokens": 9})
    draft = masked(Draft(text), 0, 5)
    tokens, used = predictor.read(text)
    row = tokens.token_ids[used]
    row[: int(text.startswith("word1"))] = 0
    np.testing.assert_allclose(probabilities(predictor, [draft], "zero"), sigmoid(predictor.logits([row])), atol=1e-6)
