"""The BERT lab on its page, asked about a model that was trained for two updates."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from sentiment_core.config import RunConfig, from_fields, with_runs
from sentiment_core.explain.fill import SHIPPED, load_pair_reader
from sentiment_core.presets import preset
from sentiment_core.store import Store, Worker
from sentiment_core.work.training import run_experiment, train_here
from sentiment_core.work.worker import StopSignal
from tests.explain.test_fill import FIELDS
from ui.labs.bert import batch, models, positions
from ui.labs.bert.twins import grown_apart

from .conftest import texts


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    yield
    models._read.clear()
    batch._pairs.clear()


def said(page: Any) -> str:
    return texts([*page.markdown, *page.caption]).replace("\\", "")


def test_it_opens_with_an_answer_from_the_model_that_ships(open_page: Any) -> None:
    page = open_page("labs", lab="bert")
    assert not page.exception and not page.error and not page.warning
    assert "In the gap: “waste”, " in said(page) and "The second text follows: " in said(page)
    assert "a masked word costs 3.96 nats, guessing by frequency 6.56; next sentences 50% right" in said(page)
    # What a nat is stands where the first of them stands.
    assert "as if it were 1.9% each time; by frequency 0.1%" in said(page)
    over_time, tokens = (frame.value for frame in page.dataframe)
    steps = list(over_time["after update"])
    assert steps[0] == "0" and steps[-1] == "the end" and len(steps) > 3
    assert list(tokens["token"])[:2] == ["[CLS]", "what"] and set(tokens["segment"]) == {"A", "B"}


def test_a_click_masks_a_word_and_the_link_says_so(open_page: Any) -> None:
    page = open_page("labs", lab="bert", text="The film was great.", second="")
    (pills,) = [item for item in page.button_group if item.label == "Click a word to mask it"]
    assert pills.options[:2] == ["the", "film"] and "Nothing is masked" in said(page)
    pills.set_value(["2"]).run()
    assert not page.exception and "In the gap (it was “film”): “" in said(page)
    assert page.query_params["gaps"] == ["2"] or page.query_params["gaps"] == "2"
    # Another text has other tokens.
    page.text_input(key="lab:bert:text").set_value("Fine.").run()
    assert not page.exception and "Nothing is masked" in said(page)


def test_a_run_is_asked_as_it_was_on_the_way(open_page: Any) -> None:
    with Store() as store:
        run = train_here(store, from_fields(FIELDS), lambda progress: None).runs[0]
        expected = load_pair_reader(run.id, store, 0).read("A [MASK] film.").tokens[2].guesses[0]
    page = open_page("labs", lab="bert", model=run.id, step="0", text="A [MASK] film.", second="")
    assert not page.exception and not page.warning
    assert f"In the gap: “{expected.text}”, {expected.probability:.0%}." in said(page)
    assert "On its test pairs at the end" in said(page)
    page = open_page("labs", lab="bert", model="gone", text="A [MASK] film.")
    assert "The model in this link is not here" in page.warning[0].value


def test_attention_is_a_picture_of_every_token_with_cls_framed(open_page: Any) -> None:
    page = open_page("labs", lab="bert", view="attention", head="2", layer="4")
    assert not page.exception and not page.error
    (chart,) = page.get("plotly_chart")
    figure = json.loads(chart.proto.spec)
    assert figure["data"][0]["y"][0] == "0 [CLS]" and figure["layout"]["shapes"][0]["y0"] == -0.5
    assert "The framed row is [CLS]" in said(page)
    # The model has two layers: the link's fourth is its last.
    assert page.query_params["layer"] in (["2"], "2")


def test_a_batch_shows_what_became_of_each_chosen_piece(open_page: Any) -> None:
    page = open_page("labs", lab="bert", view="batch", masked="1")
    assert not page.exception and "0 another piece, 0 stay" in said(page)
    first = said(page)
    page.slider(key="lab:bert:masked").set_value(0.0).run()
    assert (
        "are chosen" in said(page) and " 0 become [MASK]" in said(page) and ":blue-background[[MASK]" not in said(page)
    )
    page.button[0].click().run()
    assert said(page) != first and not page.exception


def test_without_positions_shuffled_words_answer_alike(open_page: Any) -> None:
    page = open_page("labs", lab="bert", view="positions", model="bert-encoder")
    assert not page.exception and not page.error
    # Two tables of positions, for this model learned its own.
    assert len(page.get("plotly_chart")) == 3
    rows = page.dataframe[0].value
    by_model = dict(list(rows.groupby("model")))
    assert set(by_model) == {SHIPPED[name].title for name in positions.COMPARED}
    assert by_model["Encoder without positions, demo reviews"]["in the first gap"].nunique() == 1
    assert by_model["Encoder, demo reviews"]["in the first gap"].nunique() == 2


def test_twins_start_once_it_was_said_what_is_expected_and_lead_to_train(open_page: Any) -> None:
    page = open_page("labs", lab="bert", view="train", asked="bert-masking")
    assert not page.exception
    (start,) = [button for button in page.button if button.label == "Train them yourself"]
    assert start.disabled and "Measured" not in said(page)
    page.radio(key="lab:bert:twins:bert-masking").set_value("always [MASK]").run()
    assert not page.exception
    (start,) = [button for button in page.button if button.label == "Train them yourself"]
    assert not start.disabled
    (link,) = [link for link in page.get("page_link") if link.proto.label == "On other reviews"]
    assert "task=masked-words" in str(link.proto)


def test_the_verdict_of_untrained_twins_says_that_nothing_can_be_said(open_page: Any) -> None:
    twins = [RunConfig(name="one"), RunConfig(name="two", overrides={"model.positions": "none"})]
    config = with_runs(from_fields({**FIELDS, "data.limit": 300}), twins)
    with Store() as store:
        worker = Worker.of()
        asked = store.create_experiment(config, "two", worker)
        run_experiment(store, asked.id, StopSignal(), worker)
    page = open_page("labs", lab="bert", view="train", experiment=asked.id)
    assert not page.exception and not page.error
    shown = said(page)
    assert "You said: **two**" in shown and "Measured" not in shown and "one seed" not in shown
    assert "Neither has learned more about masked words yet" in shown and "fills in words better" not in shown
    page = open_page("labs", lab="bert", view="train", experiment="gone")
    assert page.error and [item.label for item in page.button_group] == ["Show", "Watch"]


def test_the_form_shows_the_settings_of_a_pre_training_and_hides_those_of_recurrent_networks(open_page: Any) -> None:
    page = open_page("train", task="masked-words")
    assert not page.exception and not page.error
    labels = {item.label for item in (*page.selectbox, *page.number_input, *page.text_input, *page.toggle)}
    assert {"Reviews", "Attention reaches", "Positions", "Heads", "Chosen share", "Next sentence"} <= labels
    assert not {"Cell", "Pooling", "Word vectors", "Tokenizer", "Bidirectional"} & labels
    offered = next(item.options for item in page.selectbox if item.label == "Compare with")
    assert "Encoder and decoder" in offered and "Another cell" not in offered


def test_a_recorded_pre_training_and_twins_are_there_to_watch(open_page: Any) -> None:
    page = open_page("labs", lab="bert", view="train")
    assert not page.exception and not page.error
    assert "below answering by frequency" in said(page) and "Recorded on real reviews: " in said(page)
    # What the words give away without a network stands beside what the network names.
    assert "not told from chance" in said(page) and "does not compare words over the gap as well" in said(page)
    page = open_page("labs", lab="bert", view="train", asked="bert-positions")
    assert "Measured" not in said(page), "an answer comes after the prediction"
    page.radio(key="lab:bert:twins:bert-positions").set_value("sinusoidal").run()
    shown = said(page)
    assert "Measured: **sinusoidal**" in shown and "sinusoidal fills in words better than none" in shown
    assert "none and none shuffled fill in words alike" in shown and "Recorded on demo reviews" in shown


def test_a_recording_says_in_what_training_here_differs_from_it_and_nothing_where_in_nothing() -> None:
    config = preset("bert-positions").config
    assert grown_apart(config, config) == ""
    older = from_fields({"training.schedule": "constant"}, config)
    assert grown_apart(older, config).endswith("which is older: schedule, “Constant” against “Cosine”.")
