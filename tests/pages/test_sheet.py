"""The exercise sheet on its page: every link of it is followed, every question asked before it is answered."""

from __future__ import annotations

from collections import defaultdict

import pytest

from sentiment_core.lessons import HYPERPARAMETERS, QUESTIONS, lesson
from sentiment_core.lessons.sheet import PARTS
from sentiment_core.lessons.sources import SOURCES
from ui.labs.registry import lab

from .conftest import button

ROWS = [row for part in PARTS for row in part.rows]

SAID = ("title", "header", "subheader", "markdown", "caption", "info", "warning")
LABELLED = (
    "button",
    "button_group",
    "selectbox",
    "radio",
    "text_input",
    "number_input",
    "slider",
    "toggle",
    "expander",
)


def everything(page) -> str:
    """Return all that a page says, labels included."""
    said = [str(item.value) for kind in SAID for item in page.get(kind)]
    said += [str(item.label) for kind in LABELLED for item in page.get(kind)]
    said += [
        str(option) for kind in ("selectbox", "button_group") for item in page.get(kind) for option in item.options
    ]
    return "\n".join([*said, *(link.proto.label for link in page.get("page_link"))]).replace("\\", "")


def places() -> dict[tuple[str, tuple[tuple[str, str], ...]], set[str]]:
    """Return every address that sheet, questions and hyperparameters point to, with what it must show."""
    found = [place for item in (*ROWS, *QUESTIONS) for place in item.places]
    wanted = defaultdict(set)
    for place in (*found, *(item.place for item in HYPERPARAMETERS)):
        wanted[place.page, tuple(place.query.items())].add(place.shows)
    return wanted


def plain(query) -> bool:
    """Whether an address is a lab's or a lesson's own: their tests open every one and find its title."""
    return [name for name, _ in query] in (["lab"], ["lesson"])


def test_whole_labs_and_lessons_are_there_under_the_titles_that_the_sheet_expects():
    for (page, query), shows in places().items():
        if plain(query):
            name = dict(query)[page.removesuffix("s")]
            said = lab(name).title if page == "labs" else f"{lesson(name).heading} {lesson(name).exercise}"
            assert not [text for text in shows if text not in said], name


@pytest.mark.parametrize(
    ("address", "shows"),
    [item for item in places().items() if not plain(item[0][1])],
    ids=lambda item: str(sorted(item) if isinstance(item, set) else item)[:80],
)
def test_every_place_opens_and_shows_what_it_says(open_page, address, shows):
    name, query = address
    page = open_page(name, **dict(query))
    assert not page.exception and not page.error
    assert not [item.value for item in page.warning if "link" in item.value]
    said = everything(page)
    assert not [text for text in shows if text not in said], said[:2000]


def test_the_sheet_has_a_link_for_every_place_question_and_source(open_page):
    page = open_page("lessons", lesson="sheet")
    assert not page.exception and not page.error
    links = [(link.proto.page, link.proto.query_string) for link in page.get("page_link")]
    for row in ROWS:
        assert row.asks in everything(page)
    asked = [query for _, query in links if "question=" in query]
    assert [f"question={item.name}" in query for item, query in zip(QUESTIONS, asked, strict=True)]
    assert len(links) == 1 + len(QUESTIONS) + sum(len(row.places) for row in ROWS)
    said = everything(page)
    assert all(source.title in said and source.url.removeprefix("https://") in said for source in SOURCES.values())


@pytest.mark.parametrize("item", QUESTIONS[::3], ids=lambda item: item.name)
def test_a_question_is_answered_before_it_is_compared(open_page, item):
    page = open_page("lessons", lesson="sheet", question=item.name)
    assert not page.exception and item.asks in everything(page) and item.points[0] not in everything(page)
    assert button(page, "Show a model answer").disabled
    page.text_area[0].set_value("My own answer.").run()
    button(page, "Show a model answer").click().run()
    assert not page.exception and all(point in everything(page) for point in item.points)
    assert page.text_area[0].value == "My own answer."


def test_an_answer_outlives_a_look_elsewhere_and_stays_out_of_the_address(open_page):
    page = open_page("lessons", lesson="sheet", question="1a")
    page.text_area[0].set_value("Variance is kept.").run()
    assert "Variance" not in str(page.query_params)
    page.query_params["question"] = "1b"
    page.run()
    assert page.text_area[0].value == ""
    page.query_params["question"] = "1a"
    page.run()
    assert page.text_area[0].value == "Variance is kept."


def test_a_question_there_is_not_opens_the_sheet(open_page):
    page = open_page("lessons", lesson="sheet", question="9z")
    assert not page.exception and "question in this link must be one of" in page.warning[0].value.replace("\\", "")
    assert "Outside sources" in everything(page)


def test_a_lesson_names_what_the_sheet_sends_its_readers_to(open_page):
    assert SOURCES["makemore"].title in everything(open_page("lessons", lesson="initialisation"))
    assert "Outside sources" not in everything(open_page("lessons", lesson="relu"))
