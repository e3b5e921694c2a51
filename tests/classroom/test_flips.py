"""Fool the model: what counts, who judges, what a room has trained on; and texts that are meant to break the board."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_core.classroom.people import Person
from sentiment_core.classroom.settings import Limits, PersonLimits
from sentiment_core.data_view.class_examples import as_csv
from sentiment_core.errors import ConfigError, DataError, LimitError, NotAllowedError, NotFoundError
from sentiment_core.flips import LONGEST, Flip, changes, check_flip, check_texts, examples
from sentiment_core.store import Store
from ui.room.board import marked

FLIP = Flip("1", "anna", "A good film.", "A film, good God.", 1, "pretrained", 0.9, 0.2, 1.0, {})


@pytest.fixture
def people(store: Store) -> list[Person]:
    """Anna, Ben, Cem and Dana of one room."""
    code = store.open_room("Monday's course").code
    return [store.join(code, name) for name in ("Anna", "Ben", "Cem", "Dana")]


def add(store: Store, person: Person, edited: str = "A film, good God.", limits: Limits | None = None) -> str:
    return store.acting_for(person, limits).add_flip("A good film.", edited, 1, "pretrained", 0.9, 0.2)


def test_two_others_confirm_and_more_than_say_the_opposite() -> None:
    votes = [{}, {"b": 1}, {"b": 1, "c": 1}, {"b": 1, "c": 1, "d": 0}, {"b": 1, "c": 1, "d": 0, "e": 0}]
    assert [replace(FLIP, votes=each).is_confirmed for each in votes] == [False, False, True, True, False]
    assert examples([replace(FLIP, votes=each) for each in votes]) == [(FLIP.edited, 1)]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [(0.4, 0.2, "wrong about the original"), (0.9, 0.6, "not changed its mind"), (math.nan, 0.2, "not a number")],
)
def test_what_is_no_flip_is_refused(before: float, after: float, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        check_flip(before, after, 1)


@pytest.mark.parametrize(
    ("original", "edited", "said"),
    [
        (" ", "x", "The review is empty"),
        ("x", "", "edited review is empty"),
        ("x" * (LONGEST + 1), "x", "characters"),
        ("a  b", "a b", "Nothing is edited"),
    ],
)
def test_what_is_no_edit_is_refused(store: Store, people: list[Person], original: str, edited: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        check_texts(original, edited)
    with pytest.raises(ConfigError, match=said):
        store.acting_for(people[0]).add_flip(original, edited, 1, "pretrained", 0.9, 0.1)


def test_others_of_the_room_judge_and_the_last_vote_counts(store: Store, people: list[Person]) -> None:
    anna, ben, cem, _ = people
    made = add(store, anna)
    for person, label in ((ben, 0), (ben, 1), (cem, 1)):
        store.acting_for(person).vote(made, label)
    (flip,) = store.flips(str(anna.room))
    assert flip.votes == {ben.id: 1, cem.id: 1} and flip.is_confirmed
    elsewhere = store.join(store.open_room("Tuesday").code, "Eve")
    for person in (anna, elsewhere):
        with pytest.raises(NotAllowedError):
            store.acting_for(person).vote(made, 1)
    with pytest.raises(NotFoundError):
        store.acting_for(ben).vote("none", 1)
    assert store.flips(str(elsewhere.room)) == [] and store.flips(str(anna.room)) == [flip]
    store.acting_for(anna).delete_flip(made)
    assert store.flips(str(anna.room)) == []


def test_each_has_so_many_on_the_board_and_a_text_is_there_once(store: Store, people: list[Person]) -> None:
    limits = Limits(person=PersonLimits(flips=2))
    add(store, people[0], "one", limits)
    with pytest.raises(ConfigError, match="exactly this"):
        add(store, people[1], "one", limits)
    add(store, people[0], "two", limits)
    with pytest.raises(LimitError, match=r"2 may be \(person\.flips\)"):
        add(store, people[0], "three", limits)
    add(store, people[1], "three", limits)


def test_a_forgotten_room_takes_its_board_along(store: Store, people: list[Person]) -> None:
    made = add(store, people[0])
    store.acting_for(people[1]).vote(made, 1)
    store.forget_room(str(people[0].room))
    assert store.flips(str(people[0].room)) == []


def test_who_is_in_no_room_plays_not(store: Store) -> None:
    with pytest.raises(NotAllowedError, match="join one"):
        store.add_flip("a", "b", 1, "pretrained", 0.9, 0.1)


words = st.lists(st.sampled_from(["a", "b", "not", "~~", "[x](y)", "<b>", ":red[z]"]), min_size=1, max_size=30)


@given(words, words)
def test_changes_tell_both_texts(old: list[str], new: list[str]) -> None:
    found = changes(" ".join(old), " ".join(new))
    for kinds, text in (("same gone", old), ("same new", new)):
        assert [word for kind, part in found if kind in kinds for word in part.split()] == text


def test_the_slowest_texts_are_compared() -> None:
    found = changes("a " * (LONGEST // 2), "a b " * (LONGEST // 4))
    assert {kind for kind, _ in found} == {"same", "new", "gone"} or {kind for kind, _ in found} == {"same", "new"}


HOSTILE = [
    "<img src=x onerror=hit()>",
    "[a](javascript:hit())",
    "![x](http://evil.example/x)",
    "~~**:red[x]**~~",
    "`$x$`",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_the_board_draws_texts_as_text(text: str) -> None:
    drawn = marked(replace(FLIP, original="A good film.", edited=f"{text} A film."))
    inside = drawn.replace("**:blue-background[", "").replace("]**", "").replace("~~good~~ ", "")
    for sign in "<[`$!":
        assert all(inside[place - 1] == "\\" for place in range(len(inside)) if inside[place] == sign)


def test_what_is_trained_on_is_the_confirmed_edits_and_demo_reviews_are_tested() -> None:
    confirmed = replace(FLIP, edited='He said "no,\nnever"', votes={"b": 1, "c": 1})
    rows = list(csv.DictReader(io.StringIO(as_csv([FLIP, confirmed], beside=50).decode(), newline="")))
    assert rows[0] == {"text": confirmed.edited, "label": "1", "split": "train"} and len(rows) == 51
    assert {row["split"] for row in rows} == {"train", "validation", "test"}
    with pytest.raises(DataError, match="no edit of this room is confirmed"):
        as_csv([FLIP])
