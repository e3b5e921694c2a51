"""The temporal order lab on its page."""

from __future__ import annotations

from urllib.parse import parse_qsl

from sentiment_core.config import from_query
from sentiment_core.findings.order_map import (
    MAP,
    OTHER_SEEDS,
    WAYS,
    OrderMap,
    OrderQuestion,
    Outcome,
    experiment,
)
from sentiment_core.metrics import Status
from sentiment_core.work import desk
from sentiment_core.work.desk import Job

from .conftest import button, texts

MADE = {"torch": "2", "device": "CPU", "threads": 1, "cpu": "any"}


def said(page) -> str:
    return texts([*page.markdown, *page.caption]).replace("\\", "")


def test_it_opens_on_the_map_and_says_what_it_shows(open_page):
    page = open_page("labs", lab="temporal-order")
    assert not page.exception and not page.error
    cell = MAP.read().cell(30, "norm")
    assert f"{cell.solved} of 5 seeds solve length 30 clipped by norm" in said(page)
    assert len(page.get("plotly_chart")) == 1
    assert "→ **A" in said(page) or "→ **B" in said(page)


def test_a_cell_is_in_the_address_and_leads_to_its_training(open_page):
    page = open_page("labs", lab="temporal-order", length="40", way="gru")
    assert "with a clipped GRU" in said(page)
    page.selectbox(key="lab:temporal-order:way").set_value("orthogonal").run()
    assert not page.exception and page.query_params["way"] == "orthogonal"
    (one,) = [link.proto for link in page.get("page_link") if link.proto.label == "Train this one live"]
    alone = from_query(dict(parse_qsl(one.query_string)))
    assert alone == experiment(40, ["orthogonal"]) and alone.model.initialisation == "orthogonal"
    (four,) = [link.proto for link in page.get("page_link") if link.proto.label == "All four, side by side"]
    assert from_query(dict(parse_qsl(four.query_string))) == experiment(40)


def test_a_length_that_was_not_trained_is_refused_in_words(open_page):
    page = open_page("labs", lab="temporal-order", length="50")
    assert not page.exception and page.warning


def test_a_row_is_trained_on_this_machine_and_stands_beside_the_shipped_one(open_page, monkeypatch):
    page = open_page("labs", lab="temporal-order", length="20")
    assert button(page, "Train length 20 here") and "20 trainings, about 48 s of one core" in said(page)
    rows = [Outcome(20, way, seed, 0.0 if way == "norm" else 0.7, 9, 1.0) for way in WAYS for seed in OTHER_SEEDS]
    done, look = OrderQuestion(20, OTHER_SEEDS), desk.look

    def there(store, kind, arguments):
        return (
            Job("id", Status.FINISHED, result=OrderMap(tuple(rows), MADE))
            if arguments == done
            else look(store, kind, arguments)
        )

    monkeypatch.setattr(desk, "look", there)
    page.run()
    assert not page.exception and len(page.get("plotly_chart")) == 2
    assert "Computed here by PyTorch 2" in said(page) and "together" not in said(page)
    page.button_group(key="lab:predict:order").set_value("None or one").run()
    assert "Shipped and measured here together: Of 10 pairs" in said(page)
    page.button_group(key="lab:temporal-order:length").set_value(10).run()
    assert button(page, "Train length 10 here") and len(page.get("plotly_chart")) == 2
    page.button_group(key="lab:temporal-order:seeds").set_value(1).run()
    assert page.query_params["seeds"] == "1" and len(page.get("plotly_chart")) == 1


def test_the_question_is_answered_by_the_map(open_page):
    page = open_page("labs", lab="temporal-order")
    page.button_group(key="lab:predict:order").set_value("Four or five").run()
    assert "You said four or five." in said(page)
    page.button_group(key="lab:predict:order").set_value("None or one").run()
    assert ":material/check: Yes." in said(page)
