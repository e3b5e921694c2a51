"""What lessons claim: figures are recomputed, causes rest on seeds, statements about the notebook are true of it."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from statistics import correlation

import pytest
import torch

from sentiment_core.findings.recorded_words import PRETRAINING, TWINS
from sentiment_core.lessons import (
    LESSONS,
    MISTAKES,
    evidence,
    experiment_for,
    lesson,
    measured,
    results,
    updates_per_epoch,
)
from sentiment_core.models import SentimentModel, build_model
from sentiment_core.presets import NOTEBOOK_DIM, preset
from sentiment_core.recorded import RunSpread, SeedResult, recording, recordings

CPU = torch.device("cpu")
RUNNABLE = [item for item in LESSONS if item.preset]
# Accuracies, losses and spreads; a figure of the notebook's own stands under its name, in `notebook`.
RESULT = re.compile(r"(?<![±\d.])0\.\d{2,3}(?![\d.])")
# Each is recomputed below, or decides nothing about a result.
COMPUTED = {"0.693", "0.58", "0.50", "0.99", "0.90", "0.001", "0.01", "0.0001"}


def network(name: str, seed: int = 1) -> SentimentModel:
    return build_model(preset(name).config.model, torch.zeros(2, NOTEBOOK_DIM), seed, CPU)


def prose(item) -> str:
    return " ".join((item.summary, item.idea, *item.look_for, item.question, *item.choices, item.explanation))


@pytest.mark.parametrize("name", [item.name for item in LESSONS])
def test_no_result_is_typed_into_a_lesson(name):
    assert RESULT.findall("test accuracy 0.712, 0.06 more") == ["0.712", "0.06"]
    assert set(RESULT.findall(prose(lesson(name)))) <= COMPUTED


def test_what_no_recording_can_say_names_its_source():
    said = [item.also_measured for item in LESSONS if item.also_measured]
    assert said and all(re.search(r"\(.*benchmarks/\w+\.py\)", text) for text in said)


def test_guessing_costs_ln_2():
    assert f"{math.log(2):.3f}" == "0.693" and "ln 2 = 0.693" in prose(lesson("padded-last-state"))


def test_bounds_and_spectral_radius_of_both_starts():
    size = 128
    started, xavier = ([network(name, seed) for seed in range(1, 9)] for name in ("clip-norm", "xavier"))
    assert f"±{1 / math.sqrt(size):.3f}" == "±0.088" and f"±{math.sqrt(6 / (2 * size)):.3f}" == "±0.153"
    for models, bound, radius in ((started, 0.0884, 0.58), (xavier, 0.1531, 1.0)):
        matrices = [model.encoder.forward_layers[0].weight_hh_l0.detach() for model in models]
        assert bound * 0.99 < max(matrix.abs().max().item() for matrix in matrices) <= bound
        radii = [torch.linalg.eigvals(matrix).abs().max().item() for matrix in matrices]
        assert sum(radii) / len(radii) == pytest.approx(radius, abs=0.06)
    for name in ("gradient-norm", "initialisation"):
        assert "0.58" in prose(lesson(name))
    assert "±0.088" in prose(lesson("initialisation")) and "±0.153" in prose(lesson("initialisation"))


def test_a_rate_of_a_tenth_is_more_than_all_but_the_last_layers_start():
    said = lesson("learning-rates").explanation
    assert "±0.088" in said and "±0.125" in said and "all but a fifth of the last layer's" in said
    *others, last = [p.detach().abs() for p in network("deep-head").parameters() if p.dim() == 2]
    assert all(matrix.max() < 0.0884 for matrix in others) and last.max() <= 0.125
    shares = [(network("deep-head", seed).head[-1].weight.abs() > 0.1).float().mean().item() for seed in range(20)]
    assert sum(shares) / len(shares) == pytest.approx(0.2, abs=0.05)


def test_adams_first_step_has_the_length_of_the_rate():
    weights = torch.nn.Parameter(torch.tensor([0.3, -0.2, 0.1]))
    weights.grad = torch.tensor([5.0, -0.01, 1e-4])
    before = weights.detach().clone()
    torch.optim.Adam([weights], lr=0.1).step()
    torch.testing.assert_close((weights.detach() - before).abs(), torch.full((3,), 0.1), atol=1e-4, rtol=0)


def test_the_deeper_heads_parameters():
    assert f"{preset('deep-head').parameters - preset('relu').parameters:,} more parameters" in prose(
        lesson("deep-head")
    )


def test_twins_of_rungs_1_and_2_start_with_the_same_recurrent_weights():
    padded, last = network("padded-last-state"), network("last-state")
    for one, other in zip(padded.encoder.parameters(), last.encoder.parameters(), strict=True):
        assert torch.equal(one, other)
    assert len(padded.head) == len(last.head) + 1


def test_attentions_second_norm_comes_after_the_scores():
    changed = {"state_norm": "none"}
    models = [
        build_model(preset("attention").config.model.model_copy(update=fields), torch.randn(9, 5), 1, CPU).eval()
        for fields in ({}, changed)
    ]
    tokens, lengths = torch.tensor([[1, 2, 3], [4, 5, 6]]), torch.tensor([3, 2])
    with torch.no_grad():
        models[1].embedding.weight.copy_(models[0].embedding.weight)
        with_norm, without = (model(tokens, lengths) for model in models)
    assert torch.equal(with_norm.attention_weights, without.attention_weights)
    assert not torch.equal(with_norm.logits, without.logits)


@pytest.mark.parametrize("name", [item.name for item in RUNNABLE])
def test_what_was_measured_is_computed_from_the_recording(name):
    said = " ".join(measured(lesson(name)))
    for run in recording(name).recorded.runs:
        found = next((item for item in recording(name).spread if item.name == run.name), None)
        accuracy = run.test_accuracy if found is None else sum(found.tests.values()) / len(found.tests)
        assert f"{accuracy:.3f}" in said
    assert updates_per_epoch(lesson(name)) == 225, "of 28,800 reviews, the notebook's 32,000 less a tenth"


def test_gradient_and_accuracy_are_correlated_as_measured():
    found = recording("gradient-norm")
    steps = found.steps(found.recorded.runs[0].id)
    related = correlation(steps["grad_norm"], steps["accuracy"])
    assert f"{related:+.2f}".replace("-", "−") in measured(lesson("gradient-norm"))[-1]


def test_the_bar_is_what_was_measured_beside_the_recordings():
    said = " ".join(measured(lesson("reference")))
    references = recording("attention").baselines
    assert all(f"{name} {value:.3f}" in said for name, value in references.items())
    above = said.split("above the elastic net, over seeds: ")[1].split("The best of the others: ")[0]
    assert all(float(value) > references["elastic net"] for value in re.findall(r"\((0\.\d{3})", above))


def test_a_run_is_above_the_bar_only_where_its_seeds_leave_no_doubt(monkeypatch):
    bar = recording("attention").baselines["elastic net"]
    below = [bar - 0.05] * 5

    def said(*tests):
        with_seeds(monkeypatch, "attention", below[: len(tests)], tests)
        return next(line for line in measured(lesson("reference")) if "above the elastic net" in line)

    assert "Attention" in said(*(bar + step for step in (0.02, 0.03, 0.025, 0.02, 0.03)))
    assert "Attention" not in said(*(bar + step for step in (-0.02, 0.03, -0.025, 0.02, 0.03)))
    assert "Attention" not in said(bar + 0.02, bar + 0.03)
    assert "Attention" not in said(*below)


def with_seeds(monkeypatch, name, *tests):
    """Let the lesson's recording have these test accuracies, a run a list."""
    found = recording(name)
    spread = tuple(
        RunSpread(run.name, tuple(SeedResult(seed, 0.5, test) for seed, test in enumerate(column, start=1)))
        for run, column in zip(found.recorded.runs, tests, strict=True)
    )
    changed = replace(found, spread=spread)
    monkeypatch.setattr(evidence, "recording", lambda other: changed if other == name else recording(other))
    return changed


def test_a_lesson_claims_only_what_its_seeds_support(monkeypatch):
    base = (0.65, 0.61, 0.68, 0.66, 0.63)
    changed = with_seeds(monkeypatch, "clip-norm", base, (0.70, 0.60, 0.72, 0.64, 0.66))
    assert "no clear difference" in results(changed)[0]
    assert "clearly" not in " ".join(measured(lesson("clip-norm")))
    with_seeds(monkeypatch, "clip-norm", base, (0.70, 0.69, 0.71, 0.73, 0.68))
    assert "clearly more accurate" in measured(lesson("clip-norm"))[0]
    monkeypatch.undo()
    if not recording("clip-norm").spread:
        assert "One run cannot tell" in measured(lesson("clip-norm"))[0]


def test_what_batches_by_length_change_is_compared_over_seeds(monkeypatch):
    found = {
        name: with_seeds(monkeypatch, name, *[(0.55, 0.56, 0.54, 0.57, 0.55)] * count)
        for name, count in (("last-state", 2), ("gradient-norm", 1))
    }
    monkeypatch.setattr(evidence, "recording", lambda name: found[name])
    assert any(
        "batches by length" in said and "no clear difference" in said for said in measured(lesson("gradient-norm"))
    )


def test_lessons_without_a_recording_say_nothing(monkeypatch):
    monkeypatch.setattr(evidence, "recordings", lambda: ())
    assert measured(lesson("relu")) == measured(lesson("reference")) == ()
    assert updates_per_epoch(lesson("relu")) is None


def test_recordings_there_are():
    assert set(recordings()) == {item.name for item in RUNNABLE} | {PRETRAINING, *TWINS}


def test_what_the_sheet_carries_on_can_be_trained_beside_the_clean_ladder():
    """Xavier matrices from rung 5 to 10, norms per call in rungs 7 to 9: a variation of each lesson, which builds."""
    for name in ("relu", "deep-head", "learning-rates"):
        (variation,) = lesson(name).variations
        config = experiment_for(lesson(name), {field: str(value) for field, value in variation.fields.items()})
        for run in config.runs:
            model = config.resolve(run).model
            assert (model.initialisation, model.mistakes) == ("xavier_matrices", ("norm_per_call",))
            assert (model.input_norm, model.state_norm) == ("batch", "batch")
            build_model(model, torch.zeros(2, 4), 1, CPU)
        assert "per-call batch norm" in lesson(name).notebook
    for name in ("batch-norm", "attention"):
        (variation,) = lesson(name).variations
        config = experiment_for(lesson(name), {field: str(value) for field, value in variation.fields.items()})
        assert {config.resolve(run).model.initialisation for run in config.runs} == {"xavier_matrices"}
        assert "Xavier" in lesson(name).notebook + lesson(name).explanation


def test_statements_about_the_sheet():
    texts = {item.name: item.what for item in MISTAKES}
    assert "printed numbers are right" in texts["clip_wrong_model"]
    assert "draws every weight matrix anew" in texts["kept_biases"]
    assert "do not have this mistake" in " ".join(texts["kept_weights"].split())
    assert (
        "adds over time" in texts["cross_review_attention"] and "does none of this" in texts["cross_review_attention"]
    )
    assert "equal over all positions, padding included" in texts["off_by_one_mask"]
    assert lesson("clip-value").notebook.startswith("Only named")
    assert "looks at the test set after every epoch" in lesson("learning-rates").idea
    assert "chose everything on its test set" in lesson("reference").idea
