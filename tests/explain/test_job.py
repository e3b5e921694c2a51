"""What takes long about a review, as a job: the same numbers as at once, and an estimate to tell them apart."""

from __future__ import annotations

import json

import numpy as np
import pytest

from sentiment_core.explain import DEFAULT_BASELINE, METHODS, PRETRAINED, attribute
from sentiment_core.explain.cost import along_seconds, attribution_seconds, faithfulness_seconds, padding_seconds
from sentiment_core.explain.faithfulness import of_review
from sentiment_core.explain.job import (
    ALONG,
    ATTRIBUTIONS,
    EXPLANATION,
    FAITHFULNESS,
    along_of,
    arguments_for,
    attributions_of,
    faithfulness_of,
    run,
)
from sentiment_core.progress import silent

TEXT = "A lazy plot qqzzx and a beautiful waste of two hours."
FAST = ["attention", "gradient_x_input", "integrated_gradients"]


@pytest.fixture
def asked():
    """Ask in this process; question and answer go through JSON, as a worker's do."""

    def ask(what, methods=()):
        question = arguments_for(what, PRETRAINED, TEXT, methods, None, DEFAULT_BASELINE, None)
        told = run(EXPLANATION.read(EXPLANATION.written(question)), silent)
        return EXPLANATION.read_result(json.loads(json.dumps(EXPLANATION.written_result(told))))

    return ask


def test_attributions_come_back_as_they_were(asked, pretrained):
    used = pretrained.read(TEXT)[1]
    found = attributions_of(asked(ATTRIBUTIONS, FAST), used)
    for one, other in zip(found, attribute(pretrained, TEXT, FAST), strict=True):
        assert (one.method, one.target, one.window, one.completeness) == (
            other.method, other.target, other.window, other.completeness,
        )  # fmt: skip
        assert np.array_equal(one.scores, other.scores)


def test_faithfulness_comes_back_as_it_was(asked, pretrained):
    found = faithfulness_of(asked(FAITHFULNESS, FAST[:2]))
    other = of_review(pretrained, TEXT, attribute(pretrained, TEXT, FAST[:2]))
    assert found.keys() == other.keys() == {*FAST[:2], "random"}
    for name, item in found.items():
        assert np.array_equal(item.deletion, other[name].deletion)
        assert item.comprehensiveness == other[name].comprehensiveness


def test_reading_along_comes_back_as_it_was(asked, pretrained):
    found, other = along_of(asked(ALONG)), pretrained.reading_along(TEXT)
    assert np.array_equal(found.after, other.after) and np.array_equal(found.probabilities, other.probabilities)


def test_arguments_follow_the_weights(tmp_path, monkeypatch):
    monkeypatch.setattr("sentiment_core.explain.catalogue.model_folder", lambda *_: tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"some")
    first = arguments_for(ALONG, "x", TEXT, (), None, DEFAULT_BASELINE, None)
    (tmp_path / "model.safetensors").write_bytes(b"others")
    assert arguments_for(ALONG, "x", TEXT, (), None, DEFAULT_BASELINE, None) != first


def test_an_estimate_grows_with_the_review_and_with_the_network(make_predictor):
    small = make_predictor({"model.hidden_size": 16})
    large = make_predictor({"model.hidden_size": 512, "model.cell": "lstm"})
    for name, item in METHODS.items():
        if item.passes(1):
            assert attribution_seconds(small, name, 50) < attribution_seconds(small, name, 3000)
            assert attribution_seconds(small, name, 50) < attribution_seconds(large, name, 50)
    assert faithfulness_seconds(small, ["attention"], 50) < faithfulness_seconds(small, list(METHODS), 50)
    assert along_seconds(small, 100) < along_seconds(small, 1000)


def test_what_reads_a_review_once_is_not_expected_to_share_its_steps_with_a_batch(make_predictor):
    small = make_predictor({"model.hidden_size": 16})
    for name in ("attention", "gradient_x_input"):
        lone = METHODS[name].passes(1000) * padding_seconds(1000, [0])  # the probe, too, asks one review at a time
        assert lone <= attribution_seconds(small, name, 1000) < 2 * lone


@pytest.mark.parametrize("times", [1, 10])
def test_passes_of_integrated_gradients_are_expected_as_they_are_made(pretrained, times):
    (found,) = attribute(pretrained, TEXT * times, ["integrated_gradients"])
    expected = METHODS["integrated_gradients"].passes(int((found.scores != 0).sum())) / 3
    assert found.passes / 2 < expected < 2 * found.passes


@pytest.mark.parametrize(
    ("what", "methods"),
    [(ATTRIBUTIONS, FAST), (ATTRIBUTIONS, ["occlusion_mask"]), (FAITHFULNESS, ["occlusion_delete"]), (ALONG, ())],
)
def test_what_is_read_tells_how_far_it_is(what, methods, pretrained):
    heard = []
    # Occlusion takes the square of a text's length.
    text = " ".join([TEXT] * (40 if what == ALONG else 20))
    question = arguments_for(what, PRETRAINED, text, methods, None, DEFAULT_BASELINE, None)
    run(question, lambda message, fraction: heard.append((message, fraction)))
    shares = [fraction for _, fraction in heard if fraction is not None]
    assert shares == sorted(shares) and shares[0] == 0 and len(set(shares)) >= 4
    # An estimate; how often integrated gradients are refined nobody knows before.
    assert (1 / 10 if "integrated_gradients" in methods else 1 / 3) < shares[-1] <= 1
    assert heard[0] == ("Loading the model", None)
    expected = ["Reading along"] if what == ALONG else [METHODS[name].title for name in methods]
    expected += ["Taking words away"] if what == FAITHFULNESS else []
    assert list(dict.fromkeys(name for name, fraction in heard if fraction is not None)) == expected
