"""The queue of experiments and calculations: one order, one count of places, one owner of each piece of work."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sentiment_core.errors import LostError, NotFoundError
from sentiment_core.metrics import Status
from sentiment_core.store import Experiment, Places, Store, Worker, WorkProgress
from tests.forks import StartCode
from tests.store.shared import TWIN, step

ME, OTHER = Worker("host", 11, 1.0), Worker("host", 12, 2.0)
KINDS = ("training", "short", "long")


def put(store: Store, kind: str, number: int) -> str:
    """Put something into the queue; return its id."""
    if kind == "training":
        return store.create_experiment(TWIN).id
    store.ask(kind, f"{kind}-{number}", "{}", kind == "long", None, again=False)
    return f"{kind}-{number}"


def claimed(store: Store, places: Places, count: int, host: str = "host") -> list[str]:
    taken = (store.claim(places, host, None, KINDS) for _ in range(count))
    return [each for each in taken if each is not None]


def test_what_came_first_starts_first_whatever_it_is(store: Store) -> None:
    asked = [put(store, kind, number) for number, kind in enumerate(["short", "training", "long", "short"])]
    assert [store.queue_position(each) for each in asked] == [1, 2, 3, 4]
    assert claimed(store, Places(9, 9), 5) == asked
    assert [each.id for each in store.active_work()] == asked


def test_long_work_leaves_a_place_to_the_rest(store: Store) -> None:
    training, long, short, last = (put(store, kind, 1) for kind in ("training", "long", "short", "training"))
    assert claimed(store, Places(2, 1), 3) == [training, short]
    assert store.queue_position(long) == 1 and store.queue_position(last) == 2
    later = put(store, "short", 2)
    assert (store.queue_position(later), store.queue_position(later, past_long=True)) == (3, 1)
    store.set_status(training, Status.FINISHED)
    assert claimed(store, Places(2, 1), 3) == [long], "it has waited longest"
    store.set_status(short, Status.FINISHED)
    assert claimed(store, Places(2, 1), 3) == [later], "the place that is kept free is no place for training"
    assert claimed(store, Places(2, 1), 1, host="another machine") == [last]


def test_one_place_is_taken_in_turn(store: Store) -> None:
    asked = [put(store, kind, 1) for kind in ("training", "short")]
    for each in asked:
        assert claimed(store, Places(1, 1), 2) == [each]
        store.set_status(each, Status.FINISHED)


def test_kinds_of_other_programs_are_left_to_them(store: Store) -> None:
    theirs, mine = put(store, "theirs", 1), put(store, "short", 1)
    assert store.claim(Places(9, 9), "host", None, KINDS) == mine
    assert store.claim(Places(9, 9), "host", None, KINDS) is None
    assert store.claim(Places(9, 9), "host", None, ["theirs"]) == theirs


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    moves=st.lists(
        st.tuples(st.sampled_from(["put", "claim", "end"]), st.sampled_from(KINDS), st.integers(0, 3)), max_size=25
    ),
    total=st.integers(1, 3),
)
def test_whatever_happens_places_and_order_hold(store: Store, moves: list[tuple[str, str, int]], total: int) -> None:
    places = Places(total, max(1, total - 1))
    for each in store.active_work():
        store.set_status(each.id, Status.FINISHED)
    waiting: list[str] = []
    running: list[str] = []

    def is_long(work_id: str) -> bool:
        return not work_id.startswith("short")

    for move, kind, number in moves:
        if move == "put" and f"{kind}-{number}" not in {*waiting, *running}:
            if kind != "training":
                store.forget_calculations([f"{kind}-{number}"])
            waiting.append(put(store, kind, number))
        elif move == "end" and running:
            store.set_status(running.pop(number % len(running)), Status.FINISHED)
        elif move == "claim":
            room_for_long = sum(map(is_long, running)) < places.long
            able = [each for each in waiting if room_for_long or not is_long(each)]
            expected = able[0] if able and len(running) < places.total else None
            assert store.claim(places, "host", None, KINDS) == expected
            if expected is not None:
                waiting.remove(expected)
                running.append(expected)
        assert {each.id for each in store.active_work()} == {*waiting, *running}
        assert [store.queue_position(each) for each in waiting] == list(range(1, len(waiting) + 1))


def test_many_processes_that_claim_at_once_get_each_piece_once(store: Store, home: Path, start_code: StartCode) -> None:
    """And never more than there are places for, although they claim until nothing is left."""
    asked = {put(store, kind, number) for number in range(4) for kind in KINDS}
    code = """if True:
        import sys
        from sentiment_core.metrics import Status
        from sentiment_core.store import Places, Store
        with Store(sys.argv[2]) as store, open(sys.argv[1], "w") as file:
            while store.active_work():
                work_id = store.claim(Places(3, 2), "host", None, ("training", "short", "long"))
                if work_id is None:
                    continue
                held = [each for each in store.active_work() if each.status is Status.RUNNING]
                assert len(held) <= 3 and sum(each.is_long for each in held) <= 2, held
                print(work_id, file=file, flush=True)
                assert store.release(work_id, None, Status.FINISHED)"""
    children = [start_code(code, str(home / f"{number}.txt"), store.url) for number in range(4)]
    for process in children:
        process.finish()
    taken = "".join(path.read_text() for path in home.glob("*.txt")).split()
    assert len(taken) == len(asked) and set(taken) == asked


def test_a_question_is_queued_once_and_again_when_it_failed(store: Store) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: put(store, "short", 1), range(8)))
    assert len(store.active_work()) == 1
    for status, expected in ((Status.FAILED, Status.QUEUED), (Status.FINISHED, Status.FINISHED)):
        store.claim(Places(1, 1), "host", None, KINDS)
        store.set_status("short-1", status, "why")
        put(store, "short", 1)
        work = store.work("short-1")
        assert (work.status, work.error) == (expected, None if expected is Status.QUEUED else "why")
    store.ask("short", "short-1", "{}", False, None, again=True)
    assert store.work("short-1").status is Status.QUEUED


def test_calculations_have_the_life_of_experiments(store: Store) -> None:
    work_id = put(store, "short", 1)
    store.stop(work_id)
    assert store.work(work_id).status is Status.STOPPED, "it waited"
    put(store, "short", 1)
    store.claim(Places(1, 1), "host", 3, KINDS)
    assert store.set_worker(work_id, ME) and not store.set_worker(work_id, OTHER) and store.set_worker(work_id, ME)
    progress = WorkProgress("working", "Review 1", 0.5, eta_seconds=2.0)
    assert store.heartbeat(work_id, progress, ME) and not store.heartbeat(work_id, None, OTHER)
    work = store.work(work_id)
    assert (work.worker, work.progress, work.kind, work.arguments) == (ME, progress, "short", "{}")
    store.stop(work_id)
    assert store.work(work_id).stop_requested and store.work(work_id).status is Status.RUNNING
    assert not store.release(work_id, OTHER, Status.FAILED) and store.release(work_id, ME, Status.STOPPED)
    assert [each.id for each in store.calculations()] == [work_id]
    with pytest.raises(NotFoundError, match="no calculation 'short-2'"):
        store.work("short-2")
    store.forget_calculations([work_id])
    assert store.calculations() == []


def test_only_what_has_ended_is_forgotten(store: Store) -> None:
    for number in range(4):
        put(store, "short", number)
    claimed(store, Places(1, 1), 1)
    store.set_status("short-1", Status.FAILED)
    store.set_status("short-2", Status.FINISHED)
    store.forget_calculations(["short-0", "short-1", "short-3"])
    assert {each.id for each in store.calculations()} == {"short-0", "short-2", "short-3"}


def test_a_worker_writes_only_while_the_work_is_its_own(store: Store, twin: Experiment) -> None:
    run = twin.runs[0].id
    store.claim_experiment(twin.id, ME)
    mine = store.held_by(twin.id, ME)
    mine.write_steps({run: [step(1)]})
    store.request(twin.id, "pause")
    assert store.release(twin.id, ME, Status.INTERRUPTED) and store.claim_experiment(twin.id, OTHER)
    store.request(twin.id, "pause")
    for write in (
        lambda: mine.write_steps({run: [step(1)]}),
        lambda: mine.write_evaluations(run, []) or mine.update_run(run, steps=7),
        lambda: mine.set_status(twin.id, Status.PAUSED),
        lambda: mine.obeyed(twin.id, [request.id for request in store.requested(twin.id)]),
    ):
        with pytest.raises(LostError, match=r"Experiment .* was ended or given to another worker"):
            write()
    assert store.experiment(twin.id).status is Status.RUNNING and store.experiment(twin.id).worker == OTHER
    assert store.run(run).steps == 0
    others = store.held_by(twin.id, OTHER)
    assert [request.kind for request in others.requested(twin.id)] == ["pause"], "it was asked of the other"
    others.set_status(twin.id, Status.PAUSED)
    others.update_run(run, steps=7)
    assert store.run(run).steps == 7
