"""Lessons about BERT on their page: question before the run, verdict and model answer after it, bad links."""

from __future__ import annotations

from typing import Any

import pytest

from sentiment_core.lessons import BERT_LESSONS
from sentiment_core.lessons.bert import also_measured

from .conftest import button
from .test_lessons import texts

SMALL = {
    "data.limit": "60",
    "training.max_steps": "2",
    "snapshots": "0",
    "training.batch_size": "8",
}
# Of what the model that ships fixes, a fine-tuning can change nothing.
NARROW = {"model.hidden_size": "8", "model.heads": "2", "model.feed_forward_size": "8", "data.pair_tokens": "24"}


@pytest.mark.parametrize("item", BERT_LESSONS, ids=lambda item: item.name)
def test_a_lesson_opens_and_waits_for_a_prediction(open_page: Any, item: Any) -> None:
    page = open_page("lessons", lesson=item.name)
    assert not page.exception and not page.error
    assert (also_measured(item) or "") in texts(page)
    assert item.title in texts(page) and item.idea in texts(page) and len(page.get("code")) == len(item.code)
    assert not any("GloVe" in each.label for each in page.button), "it has no use for word vectors"
    assert button(page, "Run this").disabled and item.of_sheet.points[0] not in texts(page)
    links = [link.proto.query_string for link in page.get("page_link")]
    assert any(f"question={item.asked}" in query for query in links)


@pytest.mark.parametrize("item", [BERT_LESSONS[2], BERT_LESSONS[4]], ids=lambda item: item.measure)
def test_a_lesson_runs_from_its_page_to_its_verdict_and_model_answer(
    open_page: Any, worked_here: None, item: Any
) -> None:
    short = SMALL if item.measure == "answer" else {**SMALL, **NARROW, "data.limit": "300"}
    page = open_page("lessons", lesson=item.name, **short)
    page.radio[0].set_value(item.choices[0]).run()
    button(page, "Run this").click().run()
    assert not page.exception and not page.error
    shown = texts(page)
    assert "Worked out from this experiment's own measurements" in shown and item.of_sheet.points[0] in shown
    assert f"You said: **{item.choices[0]}**" in shown
    # After two updates: nothing is claimed that was not measured.
    said = {"tasks": "not told from chance", "answer": "no clear difference"}[item.measure]
    happened = {"tasks": "Neither of them", "answer": "Not clearly more accurate"}[item.measure]
    assert said in shown and f"Measured: **{happened}**" in shown


def test_an_experiment_of_another_question_is_refused_by_name(open_page: Any, lab: Any) -> None:
    from sentiment_core.config import from_fields

    other = lab.create_experiment(from_fields({}))
    page = open_page("lessons", lesson="bert-cls", experiment=other.id)
    assert "is not about this question" in page.error[0].value and button(page, "Run this")
