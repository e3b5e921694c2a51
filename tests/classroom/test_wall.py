"""The wall of a room: curves in few points, the stated rules, what a lesson came to."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_core.classroom.people import Person
from sentiment_core.config import ExperimentConfig
from sentiment_core.findings.verdict import judge
from sentiment_core.lessons import experiment_for, lesson, outcomes
from sentiment_core.lessons.outcomes import trained_of
from sentiment_core.metrics import Balance, Evaluation, Status
from sentiment_core.steps.blocks import block_means, block_width
from sentiment_core.store import Store
from tests.store.shared import step


@given(st.integers(1, 10**7), st.integers(1, 200))
def test_a_run_of_any_length_has_few_points(updates: int, most: int) -> None:
    width = block_width(updates, most)
    assert math.ceil(updates / width) <= most and (width == 1 or updates > width // 2 * most)


def test_a_point_is_the_mean_of_its_whole_block_and_never_moves() -> None:
    steps, losses = list(range(1, 8)), [1.0, 3.0, 2.0, 2.0, 5.0, 7.0, 9.0]
    assert block_means(steps, losses, 2) == ([2, 4, 6], [2.0, 2.0, 6.0])
    assert block_means(steps[:5], losses[:5], 2) == ([2, 4], [2.0, 2.0])
    assert block_means([], [], 4) == ([], [])


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_no_failure_vanishes_in_a_mean(bad: float) -> None:
    _, means = block_means([1, 2, 3, 4], [1.0, bad, 1.0, 1.0], 2)
    assert not math.isfinite(means[0]) and means[1] == 1.0
    assert math.isnan(block_means([1, 2], [math.inf, -math.inf], 2)[1][0])


def test_only_a_lessons_own_trainings_bear_it_out(home) -> None:
    item = lesson("clip-norm")
    own, seeded = experiment_for(item), experiment_for(item).model_copy(update={"seed": 7})
    with Store() as store:
        made = store.create_experiments([own, seeded, ExperimentConfig()])
        for each in made:
            for run in each.runs:
                store.write_steps({run.id: [step(1)]})
                store.update_run(run.id, steps=1)
        store.set_status(made[0].id, Status.FINISHED)
        store.set_status(made[2].id, Status.FINISHED)
        theirs = store.experiments()
        assert {each.id for each in trained_of(item, theirs)} == {made[0].id, made[1].id}, "whatever the seed"
        assert trained_of(lesson("reference"), theirs) == [], "it trains nothing"
        assert outcomes(item, store.experiments(), lambda each: judge(store, each.id)) == Counter(), (
            "one step says nothing"
        )


def test_a_rate_that_the_lesson_chose_is_nobodys_mistake(home, monkeypatch: pytest.MonkeyPatch) -> None:
    from ui.room import told
    from ui.room.people import in_a_word

    store = Store()
    monkeypatch.setattr(told, "store", lambda: store)
    item, anna = lesson("clip-norm"), Person("Anna", "Anna", "KMRTP", 1)
    made = store.acting_for(anna).create_experiment(experiment_for(item))
    losses = [5.0 + number % 2 for number in range(1, 151)]
    store.write_steps({run.id: [step(place, loss=loss) for place, loss in enumerate(losses, 1)] for run in made.runs})
    for run in made.runs:
        store.write_evaluations(run.id, [Evaluation(150, 1, "validation", 5.0, 0.5)])
        store.write_balances(run.id, {"train": Balance(400, 200), "validation": Balance(400, 200)})
        store.update_run(run.id, steps=150)
    store.set_status(made.id, Status.FINISHED)
    theirs = store.experiments()
    (alone,), (in_lesson,) = told.doings([anna], theirs), told.doings([anna], theirs, item)
    assert "rate too high" in in_a_word(alone)
    assert "rate too high" not in in_a_word(in_lesson)
    store.close()


def test_curves_of_one_setting_share_a_group_over_their_seeds(lab_room) -> None:
    from ui.room.told import Doing, curves, sparks, width_of

    doing: list[Doing] = lab_room
    width = width_of(doing)
    assert width == 2 and [len(sparks(each, width) or []) for each in doing] == [50, 50, 0]
    each = curves(doing, width, over_seeds=False)
    assert [told.group for told in each] == [None, None] and {told.label for told in each} == {"Anna", "<b>Ben</b>"}
    assert len({told.colour for told in each}) == 2, "whose is whose"
    together = curves(doing, width, over_seeds=True)
    assert len({told.group for told in together}) == len({told.colour for told in together}) == 1


@pytest.fixture
def lab_room(home, monkeypatch: pytest.MonkeyPatch):
    """Anna and Ben have trained the same for 100 updates with a seed each, Cem nothing."""
    from ui.room import told

    store = Store()
    monkeypatch.setattr(told, "store", lambda: store)
    people = [Person(name, name, "KMRTP", place) for place, name in enumerate(("Anna", "<b>Ben</b>", "Cem"), 1)]
    for person in people[:2]:
        made = store.acting_for(person).create_experiment(ExperimentConfig(seed=person.number or 0))
        store.write_steps({made.runs[0].id: [step(number) for number in range(1, 101)]})
        store.update_run(made.runs[0].id, steps=100)
    yield told.doings(people, store.experiments())
    store.close()
