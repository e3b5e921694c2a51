"""Tensor stepper, fill the blank and the loop on their pages."""

from __future__ import annotations

import pytest

from sentiment_core.inside.walks.blanks import EXERCISES
from ui.labs.walks import tensors

from .conftest import button, texts


def said(page) -> str:
    return texts([*page.markdown, *page.caption, *page.warning]).replace("\\", "")


def test_it_opens_on_what_there_is_and_asks_before_it_shows(open_page):
    page = open_page("labs", lab="tensors", walk="attention")
    assert not page.exception and "the last state asks all states" in said(page)
    button(page, "Next line").click().run()
    assert page.query_params["step"] == "1" and "one question for each review" in said(page)
    page.text_input[0].set_value("2, 6, 1").run()
    assert "No, [2, 1, 6]. Those are its sizes, in another order" in said(page)
    page.text_input[0].set_value("[2, 1, 6]").run()
    assert "Yes, [2, 1, 6]" in said(page)
    button(page, "Back").click().run()
    assert "step" not in page.query_params


def test_a_wrong_version_is_in_the_link_and_says_what_it_does(open_page):
    page = open_page("labs", lab="tensors", walk="attention", step="9", wrong="mask_off_by_one,minus_infinity")
    button(page, "Show it").click().run()
    assert "5 of 10 are not a number (NaN)" in said(page) and "Also wrong here" in said(page)
    button(page, "All lines right").click().run()
    assert "wrong" not in page.query_params and "NaN" not in said(page)
    page = open_page("labs", lab="tensors", walk="last-state", step="8")
    page.button_group[-1].set_value("wrong_axis").run()
    assert page.query_params["wrong"] == "wrong_axis" and "The right shape and the wrong numbers" in said(page)


def test_an_error_ends_the_program_and_is_shown(open_page):
    page = open_page("labs", lab="tensors", walk="last-state", step="9", wrong="off_by_one")
    button(page, "Show it").click().run()
    assert not page.exception and page.query_params["step"] == "6"
    assert "The program stops here. IndexError" in said(page) and button(page, "Next line").disabled


def test_another_walk_begins_at_its_beginning(open_page):
    page = open_page("labs", lab="tensors", walk="attention", step="3", wrong="softmax_0")
    page.button_group[0].set_value("words").run()
    assert not page.exception and "step" not in page.query_params and "wrong" not in page.query_params
    assert "Demo reviews, written by this program" in said(page)


@pytest.mark.parametrize("query", [{"walk": "nothing"}, {"step": "99"}, {"wrong": "import os"}])
def test_a_bad_link_is_named(open_page, query):
    page = open_page("labs", lab="tensors", **query)
    assert not page.exception and "in this link must be" in said(page)


def test_every_line_of_every_walk_is_drawn(open_page, monkeypatch):
    drawn = []
    monkeypatch.setattr(tensors, "tensors", lambda groups, hint, key: drawn.append((groups, hint)))
    page = open_page("labs", lab="tensors", walk="last-state", step="8")
    button(page, "Show it").click().run()
    groups, hint = drawn[-1]
    (result,) = groups[1]["values"]
    assert (
        hint
        and result["name"] == "gathered"
        and result["reads"] == {"output": [[12 + u] for u in range(6)] + [[54 + u] for u in range(6)]}
    )
    assert result["places"][-1] == "[1, 5]" and len(result["numbers"]) == len(result["shades"]) == 12


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=lambda item: item.name)
def test_an_exercise_opens_unsolved_and_can_be_solved(open_page, exercise):
    page = open_page("labs", lab="blanks", exercise=exercise.name)
    assert not page.exception and "Not yet" in said(page)
    for box, blank in zip(page.selectbox, exercise.blanks, strict=True):
        box.set_value(blank.hints.index(""))
    page.run()
    assert "**Right.**" in said(page) and len(page.code) == 2 + len(exercise.reference)


def test_an_exercise_from_a_link_with_too_large_a_choice_opens(open_page):
    page = open_page("labs", lab="blanks", exercise="clip-norm", second="2", third="1")
    assert not page.exception and page.selectbox[1].value == 0 and page.selectbox[2].value == 1


def test_the_loop_walks_line_by_line_into_the_next_update(open_page):
    page = open_page("labs", lab="loop", line="6")
    assert not page.exception and not page.error
    assert "Now the weights move" in said(page) and (page.dataframe[0].value["Moved"] > 0).any()
    button(page, "Next line").click().run()
    assert (page.query_params["update"], page.query_params["line"]) == ("2", "1")
    assert (page.dataframe[0].value["Moved"] == 0).all()
    page.selectbox[0].set_value("no_zero_grad").run()
    assert "Every backward adds" in said(page)
    button(page, "Again").click().run()
    assert page.query_params["seed"] == "2" and "update" not in page.query_params


def test_hyperparameters_are_asked_before_they_are_listed(open_page):
    page = open_page("labs", lab="loop", view="recap")
    assert "Learning rate" not in said(page)
    button(page, "Show them").click().run()
    assert "**Learning rate**" in said(page) and "Here: 0.002" in said(page)
