"""The verdict follows from what is in the store, whatever that is."""

from __future__ import annotations

import math
from statistics import pstdev

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sentiment_core.config import ExperimentConfig, RunConfig
from sentiment_core.findings.twins import in_words, parting
from sentiment_core.findings.verdict import judge
from sentiment_core.findings.verdict.measure import find_spike, newcombe, wilson
from sentiment_core.metrics import Balance, Evaluation, Status
from sentiment_core.steps.quantities import StepMetrics

EVEN = Balance(640, 320)
measured = st.floats(allow_nan=True, allow_infinity=True, width=32, allow_subnormal=False)


def step(number, loss=0.7, norm=0.5, after=None, *, cosine=1.0, accuracy=0.5, threshold=math.nan) -> StepMetrics:
    after = norm if after is None else after
    return StepMetrics(number, 1, loss, accuracy, 1e-3, norm, after, 0.1, cosine, threshold, 100, 0.1 * number)


def columns(losses, norms):
    numbers = list(range(1, len(losses) + 1))
    return {"step": numbers, "loss": list(losses), "grad_norm": list(norms)}


@pytest.fixture
def twin(store):
    """`twin(first steps, second steps, accuracies)` writes two finished runs and returns the experiment's id."""

    def make(first, second, accuracies=(0.6, 0.7), second_overrides=None, balance=EVEN):
        runs = (RunConfig(name="plain"), RunConfig(name="clipped", overrides=second_overrides or {}))
        experiment = store.create_experiment(ExperimentConfig(runs=runs))
        for run, steps, accuracy in zip(experiment.runs, (first, second), accuracies, strict=True):
            store.write_steps({run.id: steps})
            store.write_evaluations(run.id, [Evaluation(len(steps), 1, "validation", 0.6, accuracy)])
            if balance:
                store.write_balances(run.id, {"validation": balance})
        store.set_status(experiment.id, Status.FINISHED)
        return experiment.id

    return make


def topics(verdict, topic):
    return [finding for finding in verdict.findings if finding.topic == topic]


@given(st.floats(0, 1, allow_subnormal=False), st.integers(1, 10**6))
def test_wilson_holds_the_share_and_stays_within_bounds(share, count):
    interval = wilson(share, count)
    assert 0 <= interval.low <= share + 1e-9
    assert share - 1e-9 <= interval.high <= 1
    wider = wilson(share, count, 0.999)
    assert wider.low <= interval.low + 1e-12 and wider.high >= interval.high - 1e-12


def test_wilson_equals_a_worked_example():
    # 10 of 20, 95 %: Brown, Cai and DasGupta's formula by hand.
    interval = wilson(0.5, 20, 0.95)
    assert interval.low == pytest.approx(0.2993, abs=1e-4)
    assert interval.high == pytest.approx(0.7007, abs=1e-4)


@given(st.floats(0, 1, allow_subnormal=False), st.floats(0, 1, allow_subnormal=False), st.integers(1, 10**5))
def test_the_interval_of_a_difference_holds_it_and_turns_with_it(first, second, count):
    interval, back = newcombe(first, second, count), newcombe(second, first, count)
    assert interval.low - 1e-9 <= second - first <= interval.high + 1e-9
    assert interval.low == pytest.approx(-back.high, abs=1e-9)


def test_newcombe_equals_his_formula_worked_by_hand():
    # 48 and 56 of 80, 95 %: Wilson's intervals are 0.4904 to 0.7004 and 0.5923 to 0.7892.
    interval = newcombe(48 / 80, 56 / 80, 80, 0.95)
    assert interval.low == pytest.approx(0.1 - math.hypot(0.7 - 0.5923, 0.7004 - 0.6), abs=1e-3)
    assert interval.high == pytest.approx(0.1 + math.hypot(0.7892 - 0.7, 0.6 - 0.4904), abs=1e-3)


@given(st.lists(st.tuples(measured, measured), max_size=40))
def test_spike_is_the_first_of_the_longest_finite_gradients(pairs):
    losses, norms = [pair[0] for pair in pairs], [abs(pair[1]) for pair in pairs]
    spike = find_spike(columns(losses, norms))
    finite = [norm for norm in norms if math.isfinite(norm)]
    if not finite:
        assert spike is None
        return
    assert spike.norm == max(finite)
    assert spike.step == norms.index(max(finite)) + 1
    assert spike.times_median >= 1


def test_better_than_chance_is_more_than_the_larger_class(store, twin):
    verdict = judge(store, twin([step(1)], [step(1)], (0.53, 0.56)))
    assert [run.learned for run in verdict.runs] == [False, True]
    first, second = topics(verdict, "learned")
    assert "could be chance" in first.text and first.alert
    assert "this run is better than chance" in second.text and not second.alert
    unequal = judge(store, twin([step(1)], [step(1)], (0.81, 0.87), balance=Balance(640, 128)))
    assert [run.learned for run in unequal.runs] == [False, True], "naming the larger class is right for 0.8"
    assert "is 0.800" in topics(unequal, "learned")[0].text


@pytest.mark.parametrize(
    ("accuracy", "positives", "said"),
    [
        (0.3, 320, "Labels swapped"),
        (0.3, 576, "this run is worse"),
        (0.02, 576, "Labels swapped"),
        (0.5, 320, "chance"),
    ],
)
def test_labels_are_suspected_only_where_opposite_answers_would_help(store, twin, accuracy, positives, said):
    verdict = judge(store, twin([step(1)], [step(1)], (accuracy, accuracy), balance=Balance(640, positives)))
    assert verdict.runs[0].learned is False
    text = topics(verdict, "learned")[0].text
    assert said in text and ("swapped" in text) == ("swapped" in said)


def test_no_verdict_claims_more_than_these_reviews_and_this_run(store, twin):
    verdict = judge(store, twin([step(1)], [step(1)], (0.6, 0.9)))
    said = " ".join(finding.text for finding in verdict.findings)
    assert "doubt" not in said
    assert "interval for other reviews" in said and "Another seed or number of threads makes another run" in said


def test_the_accuracy_is_that_of_the_weights_that_are_kept(store):
    runs = (RunConfig(name="plain"), RunConfig(name="patient", overrides={"training.early_stopping": 2}))
    experiment = store.create_experiment(ExperimentConfig(runs=runs))
    for run in experiment.runs:
        measured_losses = enumerate((0.69, 0.5, 0.6, 0.7), start=1)
        store.write_evaluations(run.id, [Evaluation(n, n, "validation", loss, loss / 2) for n, loss in measured_losses])
    assert [run.accuracy for run in judge(store, experiment.id).runs] == [0.35, 0.25]


@pytest.mark.parametrize(("accuracies", "better"), [((0.6, 0.75), True), ((0.6, 0.62), None), ((0.75, 0.6), False)])
def test_a_difference_counts_when_it_is_larger_than_the_noise(store, twin, accuracies, better):
    verdict = judge(store, twin([step(1)], [step(1)], accuracies))
    assert verdict.comparisons[0].better is better
    assert verdict.comparisons[0].difference == pytest.approx(accuracies[1] - accuracies[0])
    assert len(topics(verdict, "compared")) == 1


def test_without_a_number_of_reviews_nothing_is_called_certain(store, twin):
    verdict = judge(store, twin([step(1)], [step(1)], balance=None))
    assert verdict.runs[0].learned is None
    assert not topics(verdict, "compared")
    assert "doubt" not in "".join(finding.text for finding in verdict.findings)


def test_clipping_is_counted_and_too_much_of_it_is_called_so(store, twin):
    clipped = [step(n, norm=2.0, after=1.0, threshold=1.0, cosine=0.9) for n in range(1, 7)]
    gentle = [step(n, norm=0.5, threshold=1.0) for n in range(7, 11)]
    rule = {"training.clipping": "norm"}
    verdict = judge(store, twin([step(n) for n in range(1, 11)], clipped + gentle, second_overrides=rule))
    assert verdict.runs[0].clipped_share is None
    assert verdict.runs[1].clipped_share == pytest.approx(0.6)
    assert verdict.runs[1].cosine == pytest.approx(0.9)
    (finding,) = topics(verdict, "clipped")
    assert not finding.alert and "60% of the steps" in finding.text
    assert "threshold of 1 lies below the usual norm (median 2)" in finding.text and "half to ten times" in finding.text
    assert "rate" not in finding.text, "the rates that fail are clipped least"


def test_a_norm_read_after_clipping_hides_how_often_it_was_clipped(store, twin):
    steps = [step(n, norm=1.0, threshold=1.0) for n in range(1, 11)]
    hidden = {"training.clipping": "norm", "training.mistakes": ("norm_after_clipping",)}
    verdict = judge(store, twin(steps, steps, second_overrides=hidden))
    assert [run.clipped_share for run in verdict.runs] == [0.0, None]
    assert "cannot be seen" in topics(verdict, "clipped")[1].text


def test_a_huge_but_finite_loss_is_written_in_a_few_digits(store, twin):
    steps = [step(n, loss=3e38 if n % 2 else 1.0, norm=1e30 * n) for n in range(1, 11)]
    text = " ".join(finding.text for finding in judge(store, twin(steps, steps)).findings)
    assert "1.47e+38" in text and "0000000" not in text


@pytest.mark.parametrize(
    ("after", "said", "alert"),
    [(0.5, "Nothing followed", False), (0.9, "stayed higher", True), (math.nan, "no longer a finite number", True)],
)
def test_a_spike_is_an_alert_only_where_something_followed(store, twin, after, said, alert):
    def run(last):
        steps = [step(n, loss=0.5 + 0.01 * (n % 2), norm=1.0) for n in range(1, last + 1)]
        steps[19] = step(20, loss=0.9, norm=30.0)
        return steps[:20] + [step(n, loss=after + 0.01 * (n % 2), norm=1.0) for n in range(21, last + 1)]

    (finding, _) = topics(judge(store, twin(run(40), run(40))), "spike")
    assert said in finding.text and finding.alert is alert
    (short, _) = topics(judge(store, twin(run(22), run(22))), "spike")
    assert not any(words in short.text for words in ("followed", "stayed", "no longer")), "two steps tell nothing"


def test_the_step_that_blew_up_is_shown_with_the_loss_around_it(store, twin):
    steps = [step(n, loss=0.5, norm=1.0) for n in range(1, 41)]
    steps[19] = step(20, loss=0.9, norm=36.73, accuracy=0.1)
    steps[20] = step(21, loss=0.8, norm=1.0)
    verdict = judge(store, twin(steps, steps))
    spike = verdict.runs[0].spike
    assert (spike.step, spike.norm, spike.times_median) == (20, pytest.approx(36.73), pytest.approx(36.73))
    assert (spike.loss_before, spike.loss, spike.loss_after) == pytest.approx((0.5, 0.9, 0.8))
    assert "step 20" in topics(verdict, "spike")[0].text and "0.500 → 0.900 → 0.800" in topics(verdict, "spike")[0].text
    assert verdict.runs[0].long_gradients.accuracy_long == pytest.approx(0.4)
    assert verdict.runs[0].long_gradients.accuracy_other == pytest.approx(0.5)


def test_spread_is_that_of_the_last_steps(store, twin):
    losses = [5.0] * 300 + [0.6, 0.8] * 50
    steps = [step(n, loss=loss) for n, loss in enumerate(losses, start=1)]
    verdict = judge(store, twin(steps, steps))
    assert verdict.runs[0].spread == pytest.approx(pstdev(losses[-100:]))
    assert verdict.runs[0].spread_steps == 100
    # The finite ones among the last are not the last.
    lost = [step(n, loss=math.nan if n > 397 else loss) for n, loss in enumerate(losses, start=1)]
    assert judge(store, twin(steps, lost)).runs[1].spread is None


def test_where_twins_part_is_said_as_on_the_runs_page(store, twin):
    first = [step(n, loss=0.7) for n in range(1, 10)]
    second = first[:5] + [step(n, loss=0.6) for n in range(6, 10)]
    identifier = twin(first, second)
    verdict = judge(store, identifier)
    assert verdict.comparisons[0].parting.step == 6
    runs = store.experiment(identifier).runs
    where = parting(*runs, *(store.steps(run.id) for run in runs))
    assert topics(verdict, "twins")[0].text == in_words(where)


def test_a_diverged_run_is_told_with_its_first_bad_step(store, twin):
    bad = [step(1), step(2, loss=math.nan, norm=math.nan), step(3, loss=math.inf)]
    identifier = twin([step(n) for n in range(1, 4)], bad, (0.6, math.nan))
    run = store.experiment(identifier).runs[1]
    store.update_run(run.id, status=Status.FAILED, error="Diverged: lower the rate.")
    verdict = judge(store, identifier)
    judged = verdict.runs[1]
    assert (judged.non_finite, judged.first_non_finite, judged.learned) == (2, 2, None)
    assert math.isnan(judged.accuracy) and "no answers" in topics(verdict, "learned")[1].text
    assert judged.diverged == "Diverged: lower the rate."
    assert [finding.alert for finding in topics(verdict, "diverged")] == [True, True]
    assert verdict.comparisons[0].better is None


def test_an_experiment_without_a_step_has_nothing_to_say(store):
    experiment = store.create_experiment(ExperimentConfig())
    verdict = judge(store, experiment.id)
    assert verdict.findings == () and verdict.runs[0].spread is None


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(measured, measured, measured), min_size=1, max_size=30))
def test_any_measurements_can_be_judged(store, rows):
    experiment = store.create_experiment(ExperimentConfig(runs=(RunConfig(name="a"), RunConfig(name="b"))))
    steps = [step(n, loss=loss, norm=norm, after=after, threshold=1.0) for n, (loss, norm, after) in enumerate(rows, 1)]
    for run in experiment.runs:
        store.write_steps({run.id: steps})
    verdict = judge(store, experiment.id)
    assert all(finding.text.endswith(".") for finding in verdict.findings)
    assert verdict.comparisons[0].parting.step is None
