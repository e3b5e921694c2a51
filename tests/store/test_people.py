"""Rooms, who is in them, what is whose, and what a store that acts for somebody leaves alone."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from copy import copy
from pathlib import Path

import pytest
from sqlalchemy import Connection

from sentiment_core.artifacts import folder
from sentiment_core.classroom.people import LECTURER, Person
from sentiment_core.classroom.settings import Limits, set_up
from sentiment_core.config import from_fields
from sentiment_core.errors import ConfigError, LimitError, NotAllowedError, NotFoundError
from sentiment_core.metrics import Status
from sentiment_core.store import Experiment, Places, Search, Store
from tests.store.shared import TWIN, WORKER, step

Class = tuple[Store, Store, Store]


@pytest.fixture
def acting(store: Store) -> Class:
    """The store as it acts for the lecturer and for two students."""
    lecturer = store.acting_for(LECTURER)
    code = lecturer.open_room("Monday's course").code
    return lecturer, store.acting_for(store.join(code, "Anna")), store.acting_for(store.join(code, "Ben"))


def test_people_join_with_a_number_each_and_an_unlike_name(store: Store, acting: Class) -> None:
    (room,) = store.rooms()
    assert [(person.name, person.number) for person in store.members(room.code)] == [("Anna", 1), ("Ben", 2)]
    with pytest.raises(ConfigError, match="Somebody in this room is called АΝΝА"):
        store.join(room.code, "АΝΝА")
    with pytest.raises(NotFoundError, match="no room with this code"):
        store.join("ZZZZZ", "Carl")
    with pytest.raises(LimitError, match="full: 2 people"):
        store.join(room.code, "Carl", most=2)
    acting[0].close_room(room.code)
    with pytest.raises(ConfigError, match="closed"):
        store.join(room.code, "Carl")
    acting[0].close_room(room.code, closed=False)
    assert store.join(room.code, "Carl").number == 3


def test_of_many_who_join_under_one_name_one_does(store: Store, acting: Class) -> None:
    (room,) = store.rooms()

    def join(_: int) -> str:
        try:
            return store.join(room.code, "Dora").name
        except ConfigError:
            return ""

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(join, range(4))) == ["", "", "", "Dora"]


def test_a_forgotten_room_leaves_its_experiments_to_the_lecturer(store: Store, acting: Class) -> None:
    lecturer, anna, _ = acting
    (room,) = store.rooms()
    made = anna.create_experiment(TWIN)
    anna.answer("lesson:x", 1)
    anna.note_upload("file")
    lecturer.forget_room(room.code)
    assert store.rooms() == [] and store.members(room.code) == [] and store.answered(room.code, "lesson:x").total() == 0
    assert store.experiment(made.id).owner is None and store.owners_of_upload("file") == [None]
    with pytest.raises(NotFoundError, match="is no more"):
        store.person(anna.owner)


def test_the_last_prediction_of_each_counts(store: Store, acting: Class) -> None:
    lecturer, anna, ben = acting
    (room,) = store.rooms()
    for student, choice in ((anna, 0), (ben, 1), (anna, 1)):
        student.answer("lesson:x", choice)
    lecturer.answer("lesson:x", 0)
    assert store.answered(room.code, "lesson:x") == {1: 2}
    assert (anna.own_answer("lesson:x"), anna.own_answer("lesson:y"), lecturer.own_answer("lesson:x")) == (
        1,
        None,
        None,
    )


def test_one_person_may_say_two_things_at_once(store: Store, acting: Class) -> None:
    """From two windows: what is said first is not committed yet when the second comes."""
    _, anna, ben = acting
    (room,) = store.rooms()
    flip = anna.add_flip("A good film.", "A film.", 1, "pretrained", 0.9, 0.2)
    said, second = threading.Event(), threading.Event()

    @contextmanager
    def slowly(exclusive: bool = False) -> Iterator[Connection]:
        with ben._write(exclusive) as connection:
            yield connection
            said.set()
            second.wait(20)

    slow = copy(ben)
    slow._write = slowly  # type: ignore[method-assign]
    for say in (
        lambda own, choice: own.answer("lesson:x", choice),
        lambda own, choice: own.vote(flip, choice),
        lambda own, choice: own.note_upload("file"),
    ):
        said.clear()
        second.clear()
        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(say, slow, 0)
            assert said.wait(20)
            later = pool.submit(say, ben, 1)
            wait([later], timeout=0.2)  # the first is committed only then
            second.set()
            first.result()
            later.result()
    assert store.answered(room.code, "lesson:x") == {1: 1} and store.owners_of_upload("file") == [ben.owner]
    assert store.flips(room.code)[0].votes == {ben.owner: 1}


def test_lists_hold_ones_own_and_what_a_link_names(store: Store, acting: Class) -> None:
    lecturer, anna, ben = acting
    of_lecturer, of_anna, of_ben = (each.create_experiment(TWIN) for each in acting)
    assert [each.id for each in anna.experiments()] == [of_anna.id]
    assert {each.id for each in lecturer.experiments()} == {of_lecturer.id, of_anna.id, of_ben.id}
    assert {run.id for _, run in ben.search_runs(Search(), 10)} == {run.id for run in of_ben.runs}
    linked = Search(linked=(of_anna.runs[0].id,))
    assert of_anna.runs[0].id in {run.id for _, run in ben.search_runs(linked, 10)}
    assert ben.count_runs(linked) == 3 and ben.run_place(of_anna.runs[0].id, linked) is not None
    assert ben.experiment(of_anna.id).owner == anna.owner, "by its link, it can be read"


CHANGES: dict[str, Callable[[Store, Experiment], object]] = {
    "stop": lambda store, it: store.stop(it.id),
    "stop by request": lambda store, it: store.request(it.id, "stop"),
    "pause": lambda store, it: store.request(it.id, "pause"),
    "resume a pause": lambda store, it: store.request(it.id, "resume"),
    "live rate": lambda store, it: store.request(it.id, "learning_rate", 0.01),
    "rename": lambda store, it: store.rename_experiment(it.id, "mine"),
    "rename a run": lambda store, it: store.rename_run(it.runs[0].id, "mine"),
    "resume": lambda store, it: store.requeue(it.id),
    "delete": lambda store, it: store.delete_experiment(it.id),
    "download": lambda store, it: store.permit("download", it.id),
}
ENDED = {"resume", "delete"}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("owner", ["own", "of the lecturer", "of another"])
def test_only_the_owner_and_the_lecturer_change_an_experiment(
    store: Store, acting: Class, change: str, owner: str
) -> None:
    lecturer, anna, ben = acting
    made = {"own": anna, "of the lecturer": lecturer, "of another": ben}[owner].create_experiment(TWIN)
    store.claim(Places(9, 9), "host")
    store.set_worker(made.id, WORKER)
    if change in ENDED:
        store.set_status(made.id, Status.STOPPED)
    before = store.experiment(made.id)
    if owner == "own" or (owner == "of the lecturer" and change == "download"):
        CHANGES[change](anna, made)
        return
    with pytest.raises(NotAllowedError):
        CHANGES[change](anna, made)
    assert store.experiment(made.id) == before and store.requested(made.id) == []
    CHANGES[change](lecturer, made)


LEADING: dict[str, Callable[[Store, str], object]] = {
    "open_room": lambda store, code: store.open_room("Mine"),
    "close_room": lambda store, code: store.close_room(code),
    "open_lesson": lambda store, code: store.open_lesson(code, "clip-norm"),
    "give_seeds": lambda store, code: store.give_seeds(code, True),
    "forget_room": lambda store, code: store.forget_room(code),
}


@pytest.mark.parametrize("what", LEADING)
def test_only_the_lecturer_leads(store: Store, acting: Class, what: str) -> None:
    lecturer, anna, _ = acting
    before = store.rooms()
    with pytest.raises(NotAllowedError, match="Only the lecturer"):
        LEADING[what](anna, before[0].code)
    assert store.rooms() == before
    LEADING[what](lecturer, before[0].code)


def test_what_is_no_ones_business_on_a_page_is_undone(store: Store, acting: Class) -> None:
    """A write that nobody thought of is refused rather than let through: workers' writes, for one."""
    _, anna, _ = acting
    made = anna.create_experiment(TWIN)
    run = made.runs[0].id
    for write in (
        lambda: anna.write_steps({run: [step(1)]}),
        lambda: anna.update_run(run, test_accuracy=1.0),
        lambda: anna.set_status(made.id, Status.FINISHED),
        lambda: anna.claim(Places(9, 9), "host"),
        lambda: anna.claim_experiment(made.id, WORKER),
    ):
        with pytest.raises(NotAllowedError):
            write()
    assert store.experiment(made.id) == made and store.steps(run)["step"] == []
    assert "_permit" not in inspect.getsource(Store.write_steps), "or this test would test nothing"


def test_the_limits_of_one_and_of_all(store: Store, acting: Class) -> None:
    _, anna, ben = acting
    limits = Limits.model_validate({"person": {"queued": 2, "stored": 3}, "all": {"queued": 3, "stored": 4}})
    anna, ben = (store.acting_for(store.person(each.owner), limits) for each in (anna, ben))
    with pytest.raises(LimitError, match=r"0 pieces of your work.*\(person\.queued\).*You asked for 3 more"):
        anna.create_experiments([TWIN] * 3)
    assert anna.experiments() == [], "all of them or none"
    made = anna.create_experiments([TWIN] * 2)
    with pytest.raises(LimitError, match=r"2 pieces of your work.*2 in the queue \(person\.queued\)\. Wait"):
        anna.create_experiment(TWIN)
    with pytest.raises(LimitError, match=r"person\.queued"):
        anna.ask("short", "short-1", "{}", False, None, again=False)
    ben.create_experiment(TWIN)
    with pytest.raises(LimitError, match=r"queue is full: 3 .*\(all\.queued\)"):
        ben.create_experiment(TWIN)
    for each in made:
        anna.stop(each.id)
    anna.create_experiment(TWIN)
    with pytest.raises(LimitError, match=r"3 of your experiments are kept, and 3 may be \(person\.stored\)"):
        anna.create_experiment(TWIN)
    with pytest.raises(LimitError, match=r"4 experiments are kept here.*\(all\.stored\)"):
        ben.create_experiment(TWIN)
    store.acting_for(LECTURER, limits).create_experiments([TWIN] * 5)


def test_a_lecturer_raises_limits_for_everybody_and_takes_it_back(store: Store, acting: Class) -> None:
    lecturer, anna, _ = acting
    assert store.class_limits() is None, "no class"
    limits = Limits.model_validate({"person": {"queued": 1, "flips": 1}})
    anna = store.acting_for(store.person(anna.owner), limits)
    anna.create_experiment(TWIN)
    with pytest.raises(LimitError, match=r"person\.queued"):
        anna.create_experiment(TWIN)
    lecturer.change_limits({"person.queued": 2, "training.tokens": 10**12, "person.flips": 2})
    lecturer.change_limits({"person.queued": 3})
    anna.create_experiments([TWIN] * 2)
    for edited in ("one", "two"):
        anna.add_flip("A good film.", edited, 1, "pretrained", 0.9, 0.1)
    for values, said in (
        ({"person.queued": 0}, r"person\.queued: .*greater than or equal to 1"),
        ({"person.running": 9, "person.flips": 10**5}, r"person\.flips: .*less than or equal to 10000"),
        ({"person.beds": 1}, r"person\.beds: "),
        ({"beds": 1}, r"beds: "),
    ):
        with pytest.raises(ConfigError, match=said):
            lecturer.change_limits(values)
    set_up()
    granted = store.class_limits()
    assert granted is not None
    assert (granted.person.queued, granted.training.tokens, granted.person.running) == (3, 10**12, 1)
    lecturer.change_limits({"person.queued": None, "person.flips": None})
    with pytest.raises(LimitError, match=r"3 pieces .* may have 1 in the queue"):
        anna.create_experiment(TWIN)
    with pytest.raises(LimitError, match=r"2 of your edits are on the board, and 1 may"):
        anna.add_flip("A good film.", "three", 1, "pretrained", 0.9, 0.1)


def test_the_same_training_is_known_again_whatever_it_is_called(store: Store) -> None:
    first = store.create_experiment(TWIN)
    assert store.same_experiment(TWIN.model_copy(update={"name": "another name"})) == first
    assert store.same_experiment(from_fields({"seed": 2}, TWIN)) is None
    store.set_status(first.id, Status.FAILED)
    assert store.same_experiment(TWIN) is None, "what failed shows nothing"


def test_who_asks_a_calculation_may_cancel_it(store: Store, acting: Class) -> None:
    lecturer, anna, ben = acting
    anna.ask("short", "short-1", "{}", False, None, again=False)
    with pytest.raises(NotAllowedError):
        ben.stop("short-1")
    assert store.work("short-1").owner == anna.owner
    anna.stop("short-1")
    ben.ask("short", "short-1", "{}", False, None, again=False)
    assert store.work("short-1").owner == ben.owner, "whoever asks again"
    lecturer.stop("short-1")


def test_a_file_belongs_to_everybody_who_brought_it(store: Store, acting: Class) -> None:
    lecturer, anna, ben = acting
    assert store.owners_of_upload("old") == [None]
    for each in (anna, anna, lecturer, ben):
        each.note_upload("file")
    assert sorted(store.owners_of_upload("file"), key=str) == sorted([anna.owner, ben.owner, None], key=str)


def test_somebody_unknown_is_no_owner(store: Store) -> None:
    stranger = store.acting_for(Person("gone", "Gone"))
    made = store.create_experiment(TWIN)
    with pytest.raises(NotAllowedError):
        stranger.delete_experiment(made.id)


def test_the_files_of_one_are_limited(store: Store, acting: Class, tmp_path_factory: pytest.TempPathFactory) -> None:
    _, anna, ben = acting
    limits = Limits.model_validate({"person": {"megabytes": 1}})
    anna, ben = (store.acting_for(store.person(each.owner), limits) for each in (anna, ben))
    made = anna.create_experiment(TWIN)
    kept = store.folder_of(made.id)
    before = anna.stored_bytes()
    (kept / "run").mkdir()
    (kept / "run" / "model.safetensors").write_bytes(bytes(600_000))
    outside = tmp_path_factory.mktemp("outside") / "large"
    outside.write_bytes(bytes(5_000_000))
    (kept / "link").symlink_to(outside)
    assert anna.stored_bytes() - before == 600_000 and ben.stored_bytes() == 0
    (folder("uploads") / "x.csv").write_bytes(bytes(300_000))
    anna.note_upload("x.csv")
    assert anna.stored_bytes() - before == 900_000
    with pytest.raises(LimitError, match=r"may take 1 MB \(person\.megabytes\). You bring 0\.5 MB more"):
        anna.check_bytes(500_000)
    anna.check_bytes(50_000)
    anna.create_experiment(TWIN)
    (kept / "run" / "step-1").write_bytes(bytes(200_000))
    with pytest.raises(LimitError, match=r"person\.megabytes"):
        anna.create_experiment(TWIN)
    ben.create_experiment(TWIN)
    store.acting_for(LECTURER, limits).check_bytes(10**9)


def test_files_are_looked_through_while_others_write(
    store: Store, acting: Class, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, anna, _ = acting
    limited = store.acting_for(store.person(anna.owner), Limits())
    limited.create_experiment(TWIN)
    looked_at = []

    def size_of(path: Path) -> int:
        looked_at.append(path)
        with monkeypatch.context() as patch:
            patch.setattr("sentiment_core.store.acting.size_of", lambda path: 0)
            with Store(store.url) as other:
                other.create_experiment(TWIN)  # where the walk held the lock, this would wait for it in vain
        return 0

    monkeypatch.setattr("sentiment_core.store.acting.size_of", size_of)
    limited.create_experiment(TWIN)
    assert len(looked_at) == 1 and len(store.experiments()) == 3
