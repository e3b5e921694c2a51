"""Addresses: whatever a link says, each field takes it or says what is shown instead, and writes it back."""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import ElementTree

from sentiment_core.config import ExperimentConfig, from_fields, from_query
from sentiment_core.presets import PRESETS
from ui.addresses import (
    ALL_LABS,
    DATA,
    LESSON,
    REVIEW,
    REVIEW_FILE,
    RUNS,
    STUDY,
    TRAIN,
    Link,
    to_explain,
    to_lab,
    to_lesson,
    to_train,
)
from ui.kit.address import Address
from ui.kit.address_fields import LONGEST_TEXT, Field, decimal, several, text, whole
from ui.labs.registry import LABS

from .conftest import texts

ADDRESSES: list[Address] = [TRAIN, LESSON, RUNS, REVIEW, REVIEW_FILE, STUDY, DATA, ALL_LABS]
ADDRESSES += [import_module(item.module).ADDRESS for item in LABS]
FIELDS = [(address, item) for address in ADDRESSES for item in address.fields]
UPLOAD = "0123456789abcdef01234567.csv"
HOSTILE = (
    "<script>alert(1)</script>", "../../etc/passwd", "1e309", "nan", "-1", "²", "9" * 400, "\x00", "a,,b,", "'; --",
    "{{7*7}}", "\u202eevil", "%00", "\ud800", "x" * 200_000,
)  # fmt: skip


def likely(field: Field) -> Any:
    """Return what a link may say for a field: what it allows, numbers, and anything."""
    allowed = field.allowed() if callable(field.allowed) else field.allowed
    return among(tuple(re.findall(r"[\w.-]+", allowed) or ["1"]))


@cache
def among(words: tuple[str, ...]) -> Any:
    lists = some.lists(some.sampled_from(words), max_size=4).map(",".join)
    numbers = some.one_of(some.integers(-5, 2000).map(str), some.integers(-200, 200).map(lambda n: f"{n / 100}"))
    named = some.sampled_from([*words, UPLOAD, "0", "1", "1e-3", "0.25"])
    return some.one_of(named, lists, numbers, some.text(max_size=40))


@pytest.mark.parametrize(("address", "field"), FIELDS, ids=[f"{one.prefix}-{field.name}" for one, field in FIELDS])
@settings(max_examples=40, deadline=None)
@given(data=some.data())
def test_what_a_field_takes_it_writes_and_takes_again(address, field, data):
    said = data.draw(likely(field))
    value, problem = field.parse(said)
    written = field.written(value)
    if written is not None:
        assert field.parse(written) == (value, None)
    assert problem is None or (field.title in problem and len(problem) < 1500)
    values, problems = address.parse({**address.part, field.name: said})
    assert values[field.name] == value and problems == ([problem] if problem else [])
    again, none = address.parse(address.query(**values))
    assert again == values and not none


@pytest.mark.parametrize(("address", "field"), FIELDS, ids=[f"{one.prefix}-{field.name}" for one, field in FIELDS])
def test_a_hostile_value_costs_its_own_field_at_most(address, field):
    others = {item.name: item.written(item.default) for item in address.fields if item.always and item is not field}
    untouched = {**address.parse(others)[0], field.name: None}
    for said in HOSTILE:
        values, problems = address.parse({**others, field.name: said})
        assert len(problems) <= 1 and all(len(problem) < 1500 for problem in problems)
        assert {**values, field.name: None} == untouched


@pytest.mark.parametrize("address", ADDRESSES, ids=[address.prefix for address in ADDRESSES])
def test_an_unknown_name_is_named_or_is_a_setting_that_the_core_names(address):
    values, problems = address.parse({"banana": "1"})
    if address.settings:
        assert values["settings"] == {"banana": "1"} and not problems
    else:
        assert "banana" in problems[0] and "leaves it out" in problems[0]
    with pytest.raises(KeyError):
        address.query(banana="1")


def test_names_are_used_once_and_a_part_is_no_field():
    for address in ADDRESSES:
        names = [item.name for item in address.fields]
        assert len(set(names)) == len(names) and not set(names) & address.part.keys()
    assert len({address.prefix for address in ADDRESSES}) == len(ADDRESSES)


def test_sentences_say_what_was_wrong_and_what_is_shown_instead():
    assert whole("page", 1, 9, 1).parse("0") == (
        1, "The page in this link must be a whole number from 1 to 9 (got '0'); now: 1."
    )  # fmt: skip
    assert decimal("threshold", 0, 1, 0.5).parse("nan")[1].endswith("(got 'nan'); now: 0.5.")
    assert several("methods", 2, lambda: ("a", "b")).parse("a,x") == (
        ["a"], "The methods in this link must be among a, b (got 'a,x'); now: a."
    )  # fmt: skip
    assert text("text", 3, title="review").parse("long")[0] == "lon"


def test_links_between_pages_say_what_the_pages_understand(lab):
    config = from_fields({"name": "Mine", "model.cell": "gru", "data.source": "csv", "data.path": f"/home/me/{UPLOAD}"})
    query = to_train(config).query
    assert query["data.path"] == UPLOAD
    assert from_query({**query, "data.path": config.data.path}) == config
    assert to_train(ExperimentConfig()).query == {} and to_train(experiment="ab12").query == {"experiment": "ab12"}
    assert TRAIN.parse(to_train(PRESETS["best"].config).query)[1] == []
    assert (
        LESSON.parse(to_lesson("relu", seed="7").query)[0].items()
        >= {"lesson": "relu", "settings": {"seed": "7"}}.items()
    )
    assert to_lab("clipping").query == {"lab": "clipping"} and to_lab().query == {}
    asked = to_explain(["a-1", "a-2", "a-3", "a-4"], "A fine film.")
    assert REVIEW.parse(asked.query)[0].items() >= {"models": ["a-1", "a-2", "a-3"], "text": "A fine film."}.items()
    assert not asked.handed


def page() -> None:
    """A page with two fields, of which one is drawn only where the other one says so."""
    import streamlit as st

    from ui.kit.address import Address
    from ui.kit.address_fields import decimal, one_of, text

    address = Address(
        "demo", "demo", (one_of("tab", ("a", "b"), "a"), decimal("level", 0, 1, 0.5), text("review", 9999))
    )
    for problem in address.adopt() or ():
        st.warning(problem)
    st.segmented_control("Tab", ("a", "b"), key=address.key("tab"), required=True)
    if address.value("tab") == "b":
        st.slider("Level", 0.0, 1.0, key=address.key("level"))
    st.text_area("Review", key=address.key("review"))
    st.text(f"level {address.value('level')}")
    st.button("Set", on_click=lambda: address.put(level=0.75, tab="b"))
    address.write()


def opened(**query: str) -> AppTest:
    app = AppTest.from_function(page)
    app.query_params.update(query)
    return app.run()


def query_of(app: AppTest) -> dict[str, str]:
    return {name: value[0] if isinstance(value, list) else value for name, value in app.query_params.items()}


def test_what_is_not_drawn_is_not_lost():
    app = opened(tab="b", level="0.25")
    assert app.slider[0].value == 0.25
    app.slider[0].set_value(0.4).run()
    app.segmented_control[0].set_value("a").run()
    assert not app.slider and texts(app.text) == "level 0.4"
    app.segmented_control[0].set_value("b").run()
    assert app.slider[0].value == 0.4 and query_of(app) == {"tab": "b", "level": "0.4"}
    app.button[0].click().run()
    assert app.slider[0].value == 0.75 and query_of(app) == {"tab": "b", "level": "0.75"}


def test_going_back_in_the_browser_shows_what_was_there(monkeypatch):
    monkeypatch.setattr("ui.kit.address.LAG_SECONDS", 0.0)
    app = opened(tab="b", level="0.25")
    app.slider[0].set_value(0.4).run()
    app.text_area[0].set_value("x" * (LONGEST_TEXT + 1)).run()
    app.query_params.clear()
    app.query_params.update({"tab": "b", "level": "0.25"})
    app.run()
    assert app.slider[0].value == 0.25
    # It never was in the address, which cannot bring it back.
    assert len(app.text_area[0].value) == LONGEST_TEXT + 1


def test_a_click_before_the_browser_heard_of_the_new_address_is_not_lost():
    app = opened(tab="b", level="0.25")
    app.slider[0].set_value(0.4).run()
    app.query_params.update({"level": "0.25"})
    app.slider[0].set_value(0.6).run()
    assert app.slider[0].value == 0.6 and query_of(app)["level"] == "0.6"


def test_nor_is_one_that_a_busy_browser_sends_late(monkeypatch):
    """An upload was: the page came back to the file before it."""
    monkeypatch.setattr("ui.kit.address.LAG_SECONDS", 0.0)
    app = opened(tab="b", level="0.25")
    app.slider[0].set_value(0.4).run()
    app.query_params.update({"level": "0.25"})
    app.button[0].click().run()
    assert app.slider[0].value == 0.75 and query_of(app)["level"] == "0.75"
    # Gone back to in the meantime, it is what the address says.
    app.query_params.update({"level": "0.25"})
    app.run()
    app.slider[0].set_value(0.3).run()
    assert app.slider[0].value == 0.3 and query_of(app)["level"] == "0.3"


def test_a_browser_is_told_what_a_field_is_set_to_until_it_has_drawn_it(monkeypatch):
    """Clicked before it had, it answered the next run with an empty text."""
    app = opened(review="A fine film.")
    assert app.text_area[0].proto.set_value
    drawn = ElementTree.get_widget_states

    def but_the_text(tree):
        states = drawn(tree)
        return WidgetStates(widgets=[state for state in states.widgets if not state.id.endswith("-demo:review")])

    with monkeypatch.context() as not_drawn:
        not_drawn.setattr(ElementTree, "get_widget_states", but_the_text)
        for tab in ("b", "a"):
            app.segmented_control[0].set_value(tab).run()
            assert app.text_area[0].proto.set_value and app.text_area[0].proto.value == "A fine film."
    # It says now what it shows; what is written there from here on must not be taken back.
    app.segmented_control[0].set_value("b").run()
    assert not app.text_area[0].proto.set_value and app.text_area[0].value == "A fine film."
    app.text_area[0].set_value("A dull film.").run()
    assert not app.text_area[0].proto.set_value and app.text_area[0].value == "A dull film."


def test_an_address_that_says_nothing_brings_back_what_was_shown():
    app = opened(tab="b", level="0.25")
    app.query_params.clear()
    app.run()
    assert app.slider[0].value == 0.25 and query_of(app) == {"tab": "b", "level": "0.25"}


def test_a_long_review_is_handed_over_within_the_session(open_page):
    review = "A fine film. " * 200
    link = to_explain(["pretrained"], review)
    assert len(review) > LONGEST_TEXT and "text" not in link.query

    from ui.kit import address

    app = open_page("explain")
    app.session_state[address._handed("explain")] = dict(link.handed)
    app.query_params.clear()
    app.query_params.update(dict(link.query))
    app.run()
    assert app.text_area[0].value == review and not app.exception


def test_every_link_on_the_pages_is_understood_where_it_leads(open_page, lab):
    addresses = {"train": TRAIN, "lessons": LESSON, "explain": REVIEW, "runs": RUNS}
    for name, query in (
        ("home", {}),
        ("lessons", {"lesson": "clip-norm"}),
        ("data", {"tab": "reviews", "review": "3"}),
    ):
        for link in open_page(name, **query).get("page_link"):
            said = dict(parse_qsl(link.proto.query_string))
            if (address := addresses.get(link.proto.page)) is not None:
                assert not address.parse(said)[1]


def test_no_page_writes_parameters_or_knows_the_session_of_another():
    from tests.app_page import ROOT

    for path in [*(ROOT / "pages").glob("*.py"), *(ROOT / "ui").rglob("*.py")]:
        source = path.read_text()
        if path.name not in {"address.py", "addresses.py", "api.py", "door.py"}:
            assert "query_params" not in source, path
        if path.parent.name == "pages":
            own = {"ui.addresses", "ui.pages", f"ui.{path.stem}"}
            for module in re.findall(r"^from (ui\.[\w.]+) import|^import (ui\.[\w.]+)", source, re.M):
                name = ".".join("".join(module).split(".")[:2])
                assert name in own | {"ui.kit", "ui.server"} or "".join(module) == "ui", (path, module)
    assert Link("home").query == {}
