"""Whose turn it is: people take turns, however much each has put into the queue."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from sentiment_core.classroom.people import Person
from sentiment_core.metrics import Status
from sentiment_core.store import Places, Store
from sentiment_core.store.turns import AtWork, Waiting, in_turn, next_up
from tests.store.shared import TWIN

OWNERS = ("a", "b", "c", None)


@st.composite
def queues(draw):
    owners = draw(st.lists(st.sampled_from(OWNERS), max_size=20))
    return [Waiting(str(place), owner, float(place), draw(st.booleans())) for place, owner in enumerate(owners)]


@given(queues(), st.dictionaries(st.sampled_from(OWNERS), st.integers(0, 3)))
def test_everything_has_its_turn_and_ones_own_work_keeps_its_order(waiting, pieces):
    order = in_turn(waiting, AtWork(pieces))
    assert sorted(order, key=lambda item: item.since) == waiting
    for owner in OWNERS:
        mine = [item.since for item in order if item.owner == owner]
        assert mine == sorted(mine)


@given(queues())
def test_nobody_has_a_third_turn_before_everybody_who_waits_has_had_one(waiting):
    order = [item.owner for item in in_turn(waiting, AtWork())]
    for place in range(len(order)):
        had = Counter(order[:place])
        for owner in set(order[place:]):
            assert all(count <= had[owner] + 1 for count in had.values())


def test_on_ones_own_machine_what_came_first_starts_first():
    waiting = [Waiting(str(place), None, float(place), True) for place in range(6)]
    assert in_turn(reversed(waiting), AtWork({None: 3}, {None: 99.0})) == waiting


def test_of_those_who_wait_whoever_was_served_longest_ago_is_next():
    waiting = [Waiting(owner, owner, 0.0, True) for owner in ("a", "b", "c")]
    served = AtWork({}, {"a": 30.0, "b": 20.0})
    assert [item.id for item in in_turn(waiting, served)] == ["c", "b", "a"]


def test_each_may_have_so_many_at_work():
    waiting = [Waiting("1", "a", 1.0, False), Waiting("2", "b", 2.0, False), Waiting("3", None, 3.0, False)]
    at_work, places = AtWork({"a": 1, "b": 1, None: 5}, dict.fromkeys(OWNERS, 1.0)), Places(9, 9, each=1)
    chosen = next_up(waiting, at_work, places, 7, 0)
    assert chosen is not None and chosen.id == "3"
    assert next_up(waiting[:2], at_work, places, 7, 0) is None


def test_a_first_training_takes_the_place_that_is_kept_free():
    first, again, mine = (Waiting(name, name, 1.0, True) for name in ("new", "old", "a"))
    nobody = Waiting("laptop", None, 0.0, True)
    at_work, places = AtWork({"a": 1}, {"a": 1.0, "old": 1.0}), Places(2, 1)
    chosen = next_up([nobody, mine, again, first], at_work, places, 1, 1)
    assert chosen is not None and chosen.id == "new"
    assert next_up([nobody, mine, again], at_work, places, 1, 1) is None
    assert next_up([first], at_work, places, 2, 1) is None, "no place is no place"


def test_a_newcomer_starts_while_another_has_fifty_queued(store: Store) -> None:
    busy, newcomer = (store.acting_for(Person(name, name)) for name in ("busy", "new"))
    for _ in range(50):
        busy.create_experiment(TWIN)
    places = Places(2, 1, each=1)
    first = store.claim(places, "host")
    assert first is not None and store.experiment(first).owner == "busy" and store.claim(places, "host") is None
    late = newcomer.create_experiment(TWIN)
    assert store.queue_position(late.id) == 1
    assert store.claim(places, "host") == late.id
    store.set_status(first, Status.FINISHED)
    store.set_status(late.id, Status.FINISHED)
    again = newcomer.create_experiment(TWIN)
    second = store.claim(places, "host")
    assert second is not None and store.experiment(second).owner == "busy", "who was served last waits"
    assert store.queue_position(again.id) == 1
