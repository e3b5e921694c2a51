"""Explanation methods against answers that are known: a linear model, brute force, completeness, padding.

Longer than other files: all methods are held to the same known answers.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sentiment_core.errors import ConfigError, DataError
from sentiment_core.explain import BASELINES, METHODS, attribute
from sentiment_core.explain.methods import method, named, windows
from sentiment_core.explain.predictor import Predictor

Make = Callable[..., Predictor]
IDS = np.array([3, 17, 3, 40, 8, 21, 1])
SIGNED = [name for name, item in METHODS.items() if item.signed]
KINDS: dict[str, dict[str, Any]] = {
    "attention": {},
    "gru both ways": {
        "model.cell": "gru",
        "model.bidirectional": True,
        "model.pooling": ("attention_additive", "max", "mean"),
    },
    "two lstms": {"model.cell": "lstm", "model.num_layers": 2, "model.pooling": "last"},
    "norm and dropout": {
        "model.input_norm": "batch",
        "model.state_norm": "batch",
        "model.word_dropout": 0.4,
        "model.head_dropout": 0.5,
    },
    "padding bug": {"model.pooling": "padded_last"},
}
# Ordinary prose, a verdict that turns, repetition, nothing but punctuation, one word.
TEXTS = [
    "I went in expecting very little, and for half an hour that is what I got. Then it turned into something else: "
    "funny, sad, and so well acted that I forgot the silly plot. " * 2,
    "A wonderful cast, a lovely score, beautiful pictures, and yet the film is a dull, lifeless waste of time.",
    "not good not bad " * 20,
    "... !!! ???",
    "terrible",
]


@pytest.mark.parametrize("target", [0, 1])
@pytest.mark.parametrize("baseline", BASELINES)
def test_a_linear_model_gives_every_method_its_known_answer(baseline: str, target: int, linear: Predictor) -> None:
    weight = linear.model.weight.double().numpy() * (1 if target else -1)
    vectors = linear.embed(IDS).astype(np.float64)
    nothing = np.zeros(6) if baseline == "zero" else linear.embed(np.arange(1, 41)).astype(np.float64).mean(axis=0)
    expected = {
        "integrated_gradients": (vectors - nothing) @ weight,
        "occlusion_mask": (vectors - nothing) @ weight,
        "gradient_x_input": vectors @ weight,
        "occlusion_delete": vectors @ weight,
    }
    assert set(expected) == set(SIGNED)
    for name, scores in expected.items():
        found = METHODS[name].score(linear, IDS, target, baseline=baseline).scores
        assert found.dtype == np.float64
        np.testing.assert_allclose(found, scores, atol=2e-6, err_msg=name)


@pytest.mark.parametrize("kind", KINDS)
def test_occlusion_equals_brute_force(kind: str, make_predictor: Make) -> None:
    predictor = make_predictor(KINDS[kind])
    words = [f"word{token - 1}" for token in IDS]

    def log_odds(some: list[str]) -> float:
        probability = predictor.predict([" ".join(some)])[0]
        return float(np.log(probability / (1 - probability)))

    expected = [log_odds(words) - log_odds(words[:place] + words[place + 1 :]) for place in range(len(words))]
    (found,) = attribute(predictor, " ".join(words), ["occlusion_delete"], target=1)
    np.testing.assert_allclose(found.scores, expected, atol=2e-5)
    assert (found.passes, found.window) == (len(words) + 1, 1)
    (against,) = attribute(predictor, " ".join(words), ["occlusion_delete"], target=0)
    np.testing.assert_allclose(against.scores, -found.scores, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_masking_equals_brute_force(kind: str, make_predictor: Make) -> None:
    predictor = make_predictor(KINDS[kind])
    whole = predictor.embedded(IDS)[None]
    lengths = torch.tensor([len(IDS)])
    for baseline in BASELINES:
        stand_in = torch.zeros(6) if baseline == "zero" else predictor.embedded(np.arange(1, 41)).mean(dim=0)
        expected = []
        for place in range(len(IDS)):
            masked = whole.clone()
            masked[0, place] = stand_in
            expected.append(float(predictor.log_odds(whole, lengths) - predictor.log_odds(masked, lengths)))
        found = METHODS["occlusion_mask"].score(predictor, IDS, 1, baseline=baseline).scores
        np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_gradient_x_input_is_the_slope_towards_zero(kind: str, make_predictor: Make) -> None:
    predictor = make_predictor(KINDS[kind])
    scores = METHODS["gradient_x_input"].score(predictor, IDS, 1).scores
    vectors, lengths = predictor.embedded(IDS)[None].double(), torch.tensor([len(IDS)])
    predictor.model.double()
    # Not smaller: softmax over the tokens is taken in single precision whatever the model's.
    step = 3e-3
    for place in range(len(IDS)):
        shrunk, grown = vectors.clone(), vectors.clone()
        shrunk[0, place] *= 1 - step
        grown[0, place] *= 1 + step
        slope = float(predictor.log_odds(grown, lengths) - predictor.log_odds(shrunk, lengths)) / (2 * step)
        assert scores[place] == pytest.approx(slope, abs=3e-4)


@pytest.mark.parametrize("baseline", BASELINES)
@pytest.mark.parametrize("text", TEXTS, ids=["prose", "turn", "repeated", "punctuation", "one word"])
def test_integrated_gradients_add_up(text: str, baseline: str, pretrained: Predictor) -> None:
    (found,) = attribute(pretrained, text, ["integrated_gradients"], baseline=baseline)
    completeness = found.completeness
    assert completeness is not None
    assert completeness.relative_error < 0.01
    assert completeness.total == pytest.approx(found.scores.sum())
    # The difference is measured, not derived from the scores.
    tokens, used = pretrained.read(text)
    row = tokens.token_ids[used]
    vectors = pretrained.embedded(row)[None]
    nothing = torch.zeros_like(vectors)
    if baseline == "mean":
        words = min(10_000, len(pretrained.vectors.words))
        nothing = nothing + pretrained.embedded(np.arange(1, words + 1)).mean(dim=0)
    both = pretrained.log_odds(torch.cat([vectors, nothing]), torch.tensor([len(row)] * 2))
    sign = 1 if found.target else -1
    assert completeness.difference == pytest.approx(sign * float(both[0] - both[1]), abs=1e-3, rel=1e-3)


def test_an_incomplete_attribution_says_so(make_predictor: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    from sentiment_core.explain.methods import integrated_gradients

    predictor = make_predictor(KINDS["gru both ways"])
    exact = METHODS["integrated_gradients"].score(predictor, IDS, 1, baseline="zero")
    monkeypatch.setattr(integrated_gradients, "FIRST_CUTS", (0.0, 1.0))
    monkeypatch.setattr(integrated_gradients, "STEPS", 1)
    monkeypatch.setattr(integrated_gradients, "MOST_PASSES", 1)
    rough = METHODS["integrated_gradients"].score(predictor, IDS, 1, baseline="zero")
    assert exact.completeness is not None and rough.completeness is not None
    assert rough.passes == 3 < exact.passes
    assert rough.completeness.difference == pytest.approx(exact.completeness.difference, abs=1e-5)
    assert rough.completeness.relative_error > 5e-3 > exact.completeness.relative_error
    assert rough.completeness.relative_error == pytest.approx(
        abs(rough.scores.sum() - rough.completeness.difference) / max(abs(rough.completeness.difference), 1.0)
    )


def test_a_review_that_says_as_much_as_the_baseline_is_measured_in_log_odds() -> None:
    from sentiment_core.explain.methods.integrated_gradients import _completeness

    assert _completeness(2.01, 2.0).relative_error == pytest.approx(0.005)
    assert _completeness(0.002, 0.001).relative_error == pytest.approx(0.001)
    assert _completeness(0.0, 0.0).relative_error == 0.0


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("kind", ["attention", "gru both ways", "norm and dropout"])
def test_padding_gets_exactly_zero_and_changes_nothing(kind: str, name: str, make_predictor: Make) -> None:
    predictor = make_predictor(KINDS[kind])
    alone = METHODS[name].score(predictor, IDS, 1).scores
    assert np.abs(alone).max() > 0
    for padding in (1, 5, 30):
        padded = METHODS[name].score(predictor, np.pad(IDS, (0, padding)), 1).scores
        np.testing.assert_array_equal(padded[: len(IDS)], alone)
        assert (padded[len(IDS) :] == 0.0).all()


@pytest.mark.parametrize("kind", ["attention", "gru both ways", "norm and dropout"])
def test_the_network_itself_has_no_gradient_at_padding(kind: str, make_predictor: Make) -> None:
    predictor = make_predictor(KINDS[kind])
    vectors = predictor.embedded(np.pad(IDS, (0, 9)))[None].requires_grad_()
    (gradient,) = torch.autograd.grad(predictor.log_odds(vectors, torch.tensor([len(IDS)])).sum(), vectors)
    assert (gradient[0, len(IDS) :] == 0).all() and (gradient[0, : len(IDS)] != 0).any()
    scores = METHODS["gradient_x_input"].score(predictor, IDS, 1).scores
    np.testing.assert_allclose((gradient * vectors)[0, : len(IDS)].sum(dim=-1).detach().numpy(), scores, atol=1e-5)


def test_padding_is_the_zero_vector(make_predictor: Make, pretrained: Predictor) -> None:
    for predictor in (make_predictor(), pretrained):
        assert (predictor.embed(np.zeros(3, dtype=np.int64)) == 0).all()


def test_attention_is_what_the_explanation_shows(make_predictor: Make) -> None:
    predictor, text = make_predictor(), "word3 nowhere word7 word1"
    (found,) = attribute(predictor, text, ["attention"])
    expected = [token.attention for token in predictor.explain(text).tokens]
    np.testing.assert_allclose(found.scores, expected, atol=1e-7)
    assert found.scores[1] == 0.0 and found.scores.sum() == pytest.approx(1.0, abs=1e-6) and not found.signed


def test_attention_is_one_part_of_what_the_shipped_model_decides_from(
    pretrained: Predictor, make_predictor: Make
) -> None:
    found = {item.method: item for item in attribute(pretrained, "good but bad", ["attention", "gradient_x_input"])}
    assert len(pretrained.config.model.pooling) == found["attention"].parts == 3
    assert "1 of the 3 parts" in found["attention"].parts_note
    assert found["gradient_x_input"].parts_note == ""
    (alone,) = attribute(make_predictor(), "word3 word7", ["attention"])
    assert alone.parts == 1 and alone.parts_note == ""


def test_what_the_shipped_model_says_to_nothing_depends_on_its_length(pretrained: Predictor) -> None:
    # Why a review of zero vectors is not the baseline unless asked for.
    size = pretrained.embedded(np.array([1])).shape[1]
    with torch.inference_mode():
        said = [float(pretrained.log_odds(torch.zeros(1, n, size), torch.tensor([n]))) for n in (10, 600)]
    assert said == [pytest.approx(-0.5, abs=0.1), pytest.approx(13.0, abs=0.1)]


def test_random_depends_on_its_seed_alone(make_predictor: Make) -> None:
    first, second = make_predictor(seed=1), make_predictor(seed=2)
    random = METHODS["random"]
    np.testing.assert_array_equal(random.score(first, IDS, 1).scores, random.score(second, IDS, 0).scores)
    assert (random.score(first, IDS, 1).scores != random.score(first, IDS, 1, seed=1).scores).all()


@given(text=st.text(st.characters() | st.sampled_from("word123 \n'"), max_size=60).filter(lambda text: text.strip()))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_scores_are_parallel_to_the_tokens_of_any_text(
    text: str, make_predictor: Make, shared: dict[str, Predictor]
) -> None:
    if not shared:
        shared["predictor"] = make_predictor()
    predictor = shared["predictor"]
    tokens = predictor.explain(text).tokens
    rebuilt, place = "", 0
    for token in tokens:
        assert token.start >= place
        rebuilt += text[place : token.start] + token.text
        place = token.end
    assert rebuilt + text[place:] == text
    for found in attribute(predictor, text, list(METHODS)):
        assert found.scores.shape == (len(tokens),) and np.isfinite(found.scores).all()
        assert all(score == 0.0 for score, token in zip(found.scores, tokens, strict=True) if not token.used)


@pytest.fixture
def shared() -> dict[str, Predictor]:
    return {}


def test_nothing_that_is_known_scores_zero(make_predictor: Make) -> None:
    for found in attribute(make_predictor({"model.bidirectional": True}), "zyzzyva qwxyz", list(METHODS)):
        assert found.scores.tolist() == [0.0, 0.0]
        assert (found.passes, found.completeness) == (0, None)


def test_the_target_is_the_predicted_class_unless_chosen(make_predictor: Make) -> None:
    predictor = make_predictor()
    for text in ("word1 word2 word3", "word30 word9", "word5 word6 word33"):
        label = predictor.explain(text).label
        (found,) = attribute(predictor, text, ["gradient_x_input"])
        (other,) = attribute(predictor, text, ["gradient_x_input"], target=1 - label)
        assert (found.target, other.target) == (label, 1 - label)
        np.testing.assert_allclose(found.scores, -other.scores)


def test_scores_are_of_calibrated_log_odds(make_predictor: Make) -> None:
    plain, cooled = make_predictor(), make_predictor(temperature=2.0)
    for name in SIGNED:
        warm, cool = (METHODS[name].score(predictor, IDS, 1).scores for predictor in (plain, cooled))
        np.testing.assert_allclose(cool, warm / 2, atol=1e-6)


def test_explaining_changes_nothing_for_anybody_else(make_predictor: Make) -> None:
    predictor = make_predictor(KINDS["norm and dropout"])
    text = " ".join(f"word{number}" for number in range(25))
    before = predictor.predict([text])[0]
    state = {name: tensor.clone() for name, tensor in predictor.model.state_dict().items()}
    alone = attribute(predictor, text, list(METHODS))
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda _: attribute(predictor, text, list(METHODS)), range(8)))
    for results in together:
        for found, expected in zip(results, alone, strict=True):
            np.testing.assert_array_equal(found.scores, expected.scores)
    assert predictor.predict([text])[0] == before
    assert all(parameter.grad is None and not parameter.requires_grad for parameter in predictor.model.parameters())
    assert not any(module.training for module in predictor.model.modules())
    assert all(torch.equal(tensor, state[name]) for name, tensor in predictor.model.state_dict().items())


def test_gradients_work_where_the_caller_wants_none(make_predictor: Make) -> None:
    predictor = make_predictor()
    expected = [METHODS[name].score(predictor, IDS, 1).scores for name in SIGNED]
    with torch.no_grad():
        found = [METHODS[name].score(predictor, IDS, 1).scores for name in SIGNED]
    np.testing.assert_array_equal(found, expected)


def test_long_reviews_are_occluded_in_windows(linear: Predictor, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [windows.window_size(tokens) for tokens in (1, 250, 1000, 1001, 4000)] == [1, 1, 1, 2, 16]
    monkeypatch.setattr(windows, "MOST_TOKENS", len(IDS) ** 2 // 3)
    values = linear.embed(IDS) @ linear.model.weight.numpy()
    expected = np.concatenate([np.full(len(group), group.mean()) for group in (values[:4], values[4:])])
    for name in ("occlusion_delete", "occlusion_mask"):
        found = METHODS[name].score(linear, IDS, 1, baseline="zero")
        np.testing.assert_allclose(found.scores, expected, atol=2e-6)
        assert (found.window, found.passes) == (4, 3)


def test_what_cannot_be_is_refused(make_predictor: Make) -> None:
    predictor = make_predictor({"model.pooling": "mean"})
    for call, words in (
        (lambda: attribute(predictor, "word1", ["lime"]), "no explanation method 'lime'; use one of attention, integ"),
        (lambda: attribute(predictor, "word1", ["attention"]), "attention is not for drawn: its pooling weighs no"),
        (lambda: attribute(predictor, "word1", ["random"], target=2), "target 2 is no class; use 1"),
        (lambda: attribute(predictor, "word1", ["random"], baseline="pad"), "no baseline 'pad'; use one of mean, zero"),
        (lambda: method(""), "no explanation method ''"),
        (lambda: named("attention,,random"), "no explanation method ''"),
    ):
        with pytest.raises(ConfigError, match=words):
            call()
    with pytest.raises(DataError, match="the review is empty"):
        attribute(predictor, " \n", ["random"])


def test_names_on_the_command_line() -> None:
    assert {field: item.name for field, item in named(" attention, occlusion,occlusion_mask").items()} == {
        "attention": "attention",
        "occlusion": "occlusion_delete",
        "occlusion_mask": "occlusion_mask",
    }


def test_the_list_of_methods_imports_no_torch() -> None:
    code = "import sys; from sentiment_core.explain.methods import METHODS, named; named('occlusion')\n"
    code += "print(len(METHODS), {'torch', 'captum'} & set(sys.modules))"
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "6 set()"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_gives_the_same_scores(make_predictor: Make) -> None:
    here = make_predictor(KINDS["gru both ways"])
    there = make_predictor(KINDS["gru both ways"])
    there.device = torch.device("cuda")
    there.model.cuda()
    for item in METHODS.values():
        np.testing.assert_allclose(item.score(there, IDS, 1).scores, item.score(here, IDS, 1).scores, atol=1e-4)


def test_fifty_thousand_words_are_bounded(make_predictor: Make) -> None:
    predictor = make_predictor({"data.max_tokens": None})
    started = time.process_time()
    results = attribute(predictor, "word1 word2 " * 25_000, list(METHODS))
    assert time.process_time() - started < 30
    for found in results:
        assert found.scores.shape == (50_000,) and np.isfinite(found.scores).all()
        assert (found.scores[4_000:] == 0.0).all()
        assert found.window == (16 if found.method.startswith("occlusion") else 1)
        assert found.passes <= 600
