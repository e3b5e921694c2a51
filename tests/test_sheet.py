"""The exercise sheet as a map: complete, in order, and honest about what it points to."""

from __future__ import annotations

import re

import pytest

from sentiment_core.errors import NotFoundError
from sentiment_core.lessons import HYPERPARAMETERS, LESSONS, QUESTIONS, lesson, question
from sentiment_core.lessons.sheet import PARTS, named
from sentiment_core.lessons.sources import SOURCES, sources_of
from sentiment_core.presets import preset

FIRST_CELL, LAST_CELL = 26, 96
ROWS = [row for part in PARTS for row in part.rows]


def test_every_cell_of_the_sheet_is_in_one_row_in_order():
    cells = [number for row in ROWS if row.cells for number in range(row.cells[0], row.cells[1] + 1)]
    assert cells == list(range(FIRST_CELL, LAST_CELL + 1))
    assert sum(row.exercise for row in ROWS) == 3
    assert {named(row) for row in ROWS} >= {"26–27", "28", "Exercise", "Exercise · 59", "Exercise · 67–68", ""}


def test_every_row_says_where_and_what_to_read():
    for row in ROWS:
        assert row.asks and row.places and set(row.sources) <= set(SOURCES)
        assert all(place.label and place.shows for place in row.places)


def test_every_question_is_there_with_an_answer_worth_comparing():
    assert [item.name for item in QUESTIONS] == ["1a", "1b", "1c", "2a", "2b", "2c", "2d", "2e", "2f"]
    for item in QUESTIONS:
        assert item.asks.endswith("?") and item.look and set(item.sources) <= set(SOURCES)
        assert 2 <= len(item.points) <= 5 and all(40 < len(point) < 600 for point in item.points)
        assert item.places
    with pytest.raises(NotFoundError, match="choose one of 1a"):
        question("3x")


def test_what_the_answers_rest_on():
    said = {item.name: " ".join(item.points) for item in QUESTIONS}
    for name, facts in {
        "1a": ("2 / (n_in + n_out)", "2 / n_in", "5/3", "ln 27"),
        "1b": ("1 − tanh²", "0.97", "0.06", "0.25", "dead"),
        "1c": ("γ", "β", "running averages", "model.eval()"),
        "2a": ("encoder", "no causal mask"),
        "2b": ("L = L_MLM + L_NSP", "15 %"),
        "2c": ("both sides", "half of the examples"),
        "2d": ("15 %", "80 %", "10 %", "never occurs later"),
        "2e": ("no word", "whole text"),
        "2f": ("does not know where", "512"),
    }.items():
        assert all(fact in said[name] for fact in facts), name
    assert 1 - 0.97**2 < 0.06 and max(s * (1 - s) for s in (0.4, 0.5, 0.6)) == 0.25


def test_parameter_counts_of_the_rows_are_the_presets():
    asked = " ".join(row.asks for row in ROWS)
    assert {int(count.replace(",", "")) for count in re.findall(r"([\d,]+) parameters", asked)} == {
        preset(name).parameters for name in ("padded-last-state", "last-state", "deep-head")
    }


def test_every_outside_source_can_be_found_and_belongs_somewhere():
    used = {name for row in ROWS for name in row.sources} | {name for item in QUESTIONS for name in item.sources}
    assert used == set(SOURCES)
    for source in SOURCES.values():
        assert source.url.startswith("https://") or "address" in source.part
        assert all(lesson(name) in LESSONS for name in source.lessons)
    assert SOURCES["makemore"] in sources_of("initialisation") and not sources_of("relu")


def test_hyperparameters_are_settings_with_a_default_and_a_place():
    assert len({item.field for item in HYPERPARAMETERS}) == len(HYPERPARAMETERS) >= 12
    for item in HYPERPARAMETERS:
        assert item.title and item.sheet and item.decides.endswith(".") and item.place.label
        assert item.default is not None or item.field in {"data.max_tokens"}
