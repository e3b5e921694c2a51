"""The Glass RNN lab: opens on something alive, keeps its state in the link, survives any link."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest

from sentiment_core.work.training import train_here
from ui.kit.components.glass import SATURATED_BYTE

from .conftest import texts


def shown(page: Any) -> dict[str, Any]:
    """Return what the component was given."""
    (found,) = [item for item in page.get("bidi_component") if item.proto.component_name.endswith(".glass")]
    told: dict[str, Any] = json.loads(found.proto.json)
    return told


def test_it_opens_on_a_review_in_two_networks(open_page):
    page = open_page("labs", lab="glass-rnn")
    assert not page.exception and not page.error and not page.warning
    told = shown(page)
    padded, attention = told["panes"]
    assert padded["words"] == attention["words"] and padded["words"][1] == "photography"
    assert padded["attention"] is None and sum(attention["attention"]) == pytest.approx(1, abs=1e-3)
    assert "The gradient dies on its way back" in texts(page.markdown)
    values = np.frombuffer(base64.b64decode(padded["states"]), np.int8).reshape(padded["steps"], padded["units"])
    assert (np.abs(values) >= SATURATED_BYTE).sum(axis=1).tolist() == padded["saturated"]
    assert sorted(padded["order"]) == list(range(32))
    assert "near" not in told or told["near"] is None


@pytest.mark.parametrize(
    ("text", "said"), [("good zzqxv film", "1 unknown word left"), ("qzzy zzqxv", "2 unknown words")]
)
def test_what_is_left_out_is_counted(open_page, text, said):
    page = open_page("labs", lab="glass-rnn", model="glass-lstm", beside="none", text=f"A good film {text}")
    assert said in shown(page)["panes"][0]["note"]


def test_a_link_says_everything(open_page):
    page = open_page(
        "labs",
        lab="glass-rnn",
        model="glass-lstm",
        beside="none",
        step="42",
        padding="30",
        show="forget",
        word="2",
        label="negative",
        text="A wonderful film <b>ruined</b> by its end.",
    )
    assert not page.exception and not page.error and not page.warning
    (panel,) = shown(page)["panes"]
    assert panel["title"].endswith(", after update 42") and panel["steps"] == len(panel["words"]) + 30
    assert panel["shown"] == "forget" and panel["gates"] and "Loss against negative" in panel["rest"]
    near = shown(page)["near"]
    assert (near["pane"], near["token"]) == (0, 1) and "beautiful" in dict(near["words"])
    assert "wonderful" not in dict(near["words"])
    assert "30 zero vectors behind the review change nothing" in texts(page.markdown)
    assert page.query_params["step"] == "42" and page.query_params["word"] == "2"


def test_padding_is_what_the_wrong_model_reads(open_page):
    page = open_page("labs", lab="glass-rnn", padding="40")
    said = texts(page.markdown)
    assert "What gets through the padding to the last word" in said
    assert "move P(positive) from" in said.replace("\\", "") and "change nothing: P(positive) stays" in said.replace(
        "\\", ""
    )
    page.slider(key="lab:glass-rnn:padding").set_value(0).run()
    assert "zero vectors behind the review" not in texts(page.markdown) and "padding" not in page.query_params


def test_what_a_link_names_in_vain_is_said(open_page):
    page = open_page("labs", lab="glass-rnn", model="gone-1", step="9", word="900", beside_step="x")
    assert "not here" in texts(page.warning) and "must be a whole number" in texts(page.warning)
    assert not page.exception and len(shown(page)["panes"]) == 2
    page = open_page("labs", lab="glass-rnn", beside="none", step="9")
    assert "after update 9 were not kept" in texts(page.warning) and "step" not in page.query_params
    page = open_page("labs", lab="glass-rnn", text="zzzzz qqqqqx", beside="none")
    assert "knows no word of this review" in texts(page.error).replace("\\", "")


def test_a_run_is_looked_into_at_each_kept_step(open_page, lab, tiny):
    run = train_here(lab, tiny({"model.cell": "gru", "training.max_steps": 6}), lambda told: None).runs[0]
    answers = []
    for step in ("0", "2", ""):
        query = {"model": run.id, "beside": "none", "text": "a film about a film"} | ({"step": step} if step else {})
        page = open_page("labs", lab="glass-rnn", show="update", **query)
        assert not page.exception and not page.error and not page.warning
        (panel,) = shown(page)["panes"]
        assert panel["gates"] and panel["units"] == 8
        answers.append(panel["probabilities"][-1])
    assert len(set(answers)) == 3
    assert page.selectbox(key=f"lab:glass:model:{run.id}:-1").options[0] == "the last"


@pytest.mark.parametrize("lesson", ["padded-last-state", "last-state", "gradient-norm", "clip-norm", "initialisation"])
def test_the_first_five_rungs_open_the_glass_on_what_ships(open_page, lesson):
    page = open_page("lessons", lesson=lesson, glass="10")
    assert not page.exception and not page.error and not page.warning
    panels = shown(page)["panes"]
    assert len(panels) == 2 and panels[0]["steps"] == len(panels[0]["words"]) + 10
    if lesson == "initialisation":
        assert panels[0]["title"] == f"{panels[1]['title']}, untrained"
        assert panels[0]["probabilities"] != panels[1]["probabilities"]


def test_a_lesson_that_was_run_looks_into_its_own_networks(open_page, lab, tiny):
    experiment = train_here(lab, tiny({"name": "Mine", "training.max_steps": 3}), lambda told: None)
    page = open_page("lessons", lesson="last-state", experiment=experiment.id, glass="0")
    assert not page.exception and not page.error
    (panel,) = shown(page)["panes"]
    assert panel["title"].startswith("Mine") and panel["units"] == 8
    (way,) = [item.proto.query_string for item in page.get("page_link") if item.proto.label == "Any review, any run"]
    assert f"model={experiment.runs[0].id}" in way and "beside=none" in way
    assert not open_page("lessons", lesson="relu", glass="10").get("bidi_component")[1:]
