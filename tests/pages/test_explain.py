"""Explain, one review: methods, sections, links and edits, opened without a browser.

Longer than other files: one page, its answers shared by its tests.
"""

from __future__ import annotations

import dataclasses
import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sentiment_core.datasets.copies import text_hashes
from sentiment_core.errors import DataError
from sentiment_core.explain import METHODS, PRETRAINED, Attribution, Completeness, Explanation, ReadingAlong, TokenScore
from sentiment_core.explain.agreement import Agreement
from sentiment_core.explain.catalogue import ModelInfo, available_models
from sentiment_core.explain.counterfactual import Draft
from sentiment_core.explain.job import EXPLANATION
from ui.explain import answers, counterfactual, words
from ui.explain.blocks import note, row_note
from ui.explain.plot import along_figure
from ui.explain.state import model_title
from ui.kit.components.heatmap import Block, HeatmapRow, Token, _scales
from ui.kit.components.loader import picked
from ui.kit.examples import EXAMPLES
from ui.kit.plot import rows_of

from .conftest import answered, button, texts

REVIEW = "A lazy plot and a beautiful waste of two hours."


def control(page, label):
    return next(item for item in page.get("button_group") if item.label == label)


def said(page) -> str:
    return texts(page.markdown).replace("\\", "")


@pytest.mark.parametrize(
    ("below", "sign"),
    [
        ("agreement", "top 9 words in common"),
        ("faithfulness", "words at random"),
        ("along", "mind"),
        ("edit", "Click a word"),
        ("table", None),
    ],
)
def test_every_section_opens_from_its_link(open_page, below, sign):
    page = open_page("explain", text=REVIEW, below=below)
    assert not page.exception
    assert not page.error
    assert page.query_params.get("below", "along") == below
    assert sign is None or sign in said(page).replace("top 10", "top 9")


def test_table_holds_every_method_of_the_link_and_the_exact_scores(open_page):
    from sentiment_core.explain import attribute, load_predictor

    page = open_page("explain", text=REVIEW, methods="gradient_x_input,occlusion_delete", below="table")
    frame = page.dataframe[0].value
    assert list(frame.columns) == ["#", "Token", "Known", "Read", "Gradient × input", "Occlusion: delete"]
    assert list(frame["Token"])[:3] == ["A", "lazy", "plot"]
    found = attribute(load_predictor(PRETRAINED, None), REVIEW, ["gradient_x_input", "occlusion_delete"])
    assert list(frame["Gradient × input"]) == pytest.approx(list(found[0].towards_positive), rel=1e-3)
    assert list(frame["Occlusion: delete"]) == pytest.approx(list(found[1].towards_positive), rel=1e-3, abs=1e-6)


def test_chosen_class_and_baseline_change_the_scores_and_are_in_the_link(open_page):
    query = {"text": REVIEW, "methods": "integrated_gradients", "below": "table"}
    first = open_page("explain", **query, target="positive").dataframe[0].value
    page = open_page("explain", **query, target="negative", baseline="zero")
    second = page.dataframe[0].value
    assert page.query_params["baseline"] == "zero"
    assert page.query_params["target"] == "negative"
    assert list(first["Integrated gradients"]) != pytest.approx(list(second["Integrated gradients"]))
    same = open_page("explain", **query, target="negative").dataframe[0].value
    # A word speaks for the same class, whichever is explained.
    assert list(first["Integrated gradients"]) == pytest.approx(list(same["Integrated gradients"]), rel=1e-4, abs=1e-6)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"methods": "magic"}, "methods in this link must be among"),
        ({"below": "nowhere"}, "section below the review"),
        ({"target": "2"}, "class to explain"),
        ({"baseline": "<b>"}, "baseline in this link must be"),
        ({"edited": "A plot.", "masked": "0-99"}, "masked words"),
        ({"edited": "A plot.", "masked": "x"}, "masked words"),
        ({"models": "gone"}, "model in this link"),
        ({"view": "sideways"}, "view in this link must be one of"),
    ],
)
def test_bad_link_says_what_is_wrong_and_opens_the_default(open_page, query, message):
    page = open_page("explain", text=REVIEW, **query)
    assert not page.exception
    assert message in texts(page.warning).replace("\\", "")
    assert page.text_area[0].value == REVIEW


def test_no_methods_at_all_still_answers(open_page):
    page = open_page("explain", text=REVIEW, methods="", below="agreement")
    assert not page.exception
    assert not page.error
    assert "at least two methods" in texts(page.caption)


def test_unknown_methods_of_a_link_give_way_to_the_usual_ones(open_page):
    page = open_page("explain", text=REVIEW, methods="<b>")
    assert "now: attention, occlusion" in texts(page.warning).replace("\\", "")
    assert "methods" not in page.query_params and not page.exception


def test_word_is_deleted_undone_and_typed_over(open_page):
    page = open_page("explain", text=REVIEW, below="edit")
    page.session_state[counterfactual.TOKEN] = (2, 6)
    page.run()
    assert "lazy" in said(page)
    option = next(item for item in page.button if item.label.startswith("Delete "))
    change = option.label.removeprefix("Delete ")
    option.click().run()
    edits = page.dataframe[0].value
    assert list(edits["Edit"]) == ["the original", "delete “lazy”"]
    assert edits["Δ"][1] == change
    assert page.query_params["edited"] == "A plot and a beautiful waste of two hours."
    field = next(item for item in page.text_area if item.label.startswith("Edit freely"))
    field.set_value("A plot.").run()
    assert list(page.dataframe[0].value["Edit"]) == ["the original", "delete “lazy”", "typed"]
    button(page, "Undo").click().run()
    assert list(page.dataframe[0].value["Edit"]) == ["the original", "delete “lazy”"]
    button(page, "Pin this one").click().run()
    assert page.text_area[0].value == "A plot and a beautiful waste of two hours."
    assert list(page.dataframe[0].value["Edit"]) == ["the original"]
    assert not page.exception


def test_masked_word_is_in_the_link_and_in_what_the_link_opens(open_page):
    page = open_page("explain", text=REVIEW, below="edit")
    page.session_state[counterfactual.TOKEN] = (2, 6)
    page.run()
    next(item for item in page.button if item.label.startswith("Mask ")).click().run()
    answer = page.dataframe[0].value["P(positive)"][1]
    assert page.query_params["masked"] == "2-6"
    again = open_page("explain", text=REVIEW, below="edit", edited=REVIEW, masked="2-6")
    assert again.dataframe[0].value["P(positive)"][1] == answer


def test_emptied_edit_can_be_undone(open_page):
    page = open_page("explain", text=REVIEW, below="edit")
    next(item for item in page.text_area if item.label.startswith("Edit freely")).set_value("").run()
    assert not page.exception
    assert "empty" in texts(page.error)
    button(page, "Clear").click().run()
    assert not page.error


def test_the_page_opens_on_an_example_and_may_be_emptied(open_page):
    page = open_page("explain")
    assert not page.exception and page.text_area[0].value in EXAMPLES.values() and control(page, "Below")
    assert "text" not in page.query_params
    page.text_area[0].set_value("").run()
    assert "answer appears here" in texts(page.caption) and page.query_params["text"] in ("", [""])
    assert open_page("explain", text="").text_area[0].value == ""


def test_review_survives_a_look_at_another_view(open_page):
    page = open_page("explain", text=REVIEW, methods="attention")
    page.query_params.clear()
    page.query_params["view"] = "study"
    page.run()
    page.query_params.clear()
    page.query_params["view"] = "review"
    page.run()
    assert page.text_area[0].value == REVIEW
    assert page.query_params["methods"] == "attention"


@pytest.mark.parametrize(
    "text", ["zzqxv qqzzx", "<script>alert(1)</script>", "é́́ 👩‍👩‍👧 \u202e x", "שלום עולם סרט נהדר", "bad"]
)
@pytest.mark.parametrize("below", ["agreement", "faithfulness", "along", "edit"])
def test_strange_reviews_break_no_section(open_page, text, below):
    page = open_page("explain", text=text, below=below)
    assert not page.exception
    assert not page.error


def test_rows_of_one_method_share_a_scale_and_methods_do_not():
    tokens = (Token(0, 3), Token(4, 7))
    blocks = [
        Block(
            "a",
            "",
            "",
            tokens,
            (HeatmapRow("Attention", "attention", False, (0.1, 0.4)), HeatmapRow("X", "x", True, (-3.0, 1.0))),
        ),
        Block(
            "b",
            "",
            "",
            tokens,
            (HeatmapRow("Attention", "attention", False, (0.7, None)), HeatmapRow("X", "x", True, (2.0, 1.0))),
        ),
    ]
    scales = _scales(blocks)
    assert scales["attention"] == {"title": "Attention", "signed": False, "largest": 0.7}
    assert scales["x"] == {"title": "X", "signed": True, "largest": 3.0}


@pytest.mark.parametrize("said", [None, "x", [1], [0, 2], [1, 0], [0, -1], [-1, 0], [True, 0], [1.5, 0], {"a": 1}])
def test_what_the_browser_says_was_picked_is_checked(said):
    assert picked([0, 1], [2]) == (0, 1)
    assert picked(said, [2]) is None


def test_export_is_json_of_the_shown_numbers():
    from sentiment_core.explain.export import ModelRows, as_document
    from ui.explain.answers import ask

    info = next(item for item in available_models(_NoStore()) if item.id == PRETRAINED)
    answer = ask(info, REVIEW, ["attention"], None, "zero")
    document = as_document(REVIEW, [ModelRows(info.name, answer.explanation, answer.attributions)])
    again = json.loads(json.dumps(document, allow_nan=False))
    assert again["models"][0]["tokens"][1]["text"] == "lazy"


class _NoStore:
    def experiments(self):
        return []


@pytest.mark.parametrize(("error", "sign"), [(0.004, "error 0.4 %"), (0.0001, "under 0.1 %"), (0.5, "do not trust")])
def test_completeness_is_said_and_doubted_where_it_fails(error, sign):
    found = Attribution(
        "integrated_gradients",
        "Integrated gradients",
        signed=True,
        target=0,
        scores=np.zeros(1),
        passes=1,
        seconds=0.1,
        completeness=Completeness(-2.31, -2.3, error),
    )
    note = row_note(found)
    assert note.startswith("sum of attributions +2.31, change of the log-odds +2.30")
    assert sign in note
    assert ("do not trust" in note) == (error > 0.05)


@pytest.mark.parametrize(("parts", "said"), [(1, ""), (3, "weights in 1 of the 3 parts")])
def test_attention_of_a_model_that_pools_in_other_ways_too_says_so(parts, said):
    found = Attribution("attention", "Attention", False, 1, np.ones(1), passes=1, seconds=0.1, parts=parts)
    note = row_note(found)
    assert note.startswith(said) and bool(note) == bool(said)


def test_sentences_come_from_the_numbers():
    found = [
        Agreement("attention", "integrated_gradients", 0.7, 0.8, 10),
        Agreement("attention", "occlusion_mask", -0.5, 0.1, 10),
    ]
    sentence = words.agreement_sentence(found, 50)
    assert "Attention and Integrated gradients rank the words much alike: τ = 0.70, 8 of the top 10" in sentence
    assert "Occlusion: mask rather rank the words the other way round: τ = −0.50, 1 of the top 10" in sentence
    assert "50 words, |τ| stays below 0.19 in 19 of 20 cases, and at most 4 of the top 10 are the same" in sentence
    few = words.agreement_sentence([Agreement("attention", "occlusion_mask", -0.5, 1.0, 8)], 8)
    assert "rank all words no more alike than chance may: τ = −0.50" in few and "|τ| stays below 0.57" in few
    for overlap, said in (
        (0.5, "than chance may: τ = 0.10"),
        (0.6, "than chance may, but put more of the same on top"),
    ):
        assert said in words.agreement_sentence([Agreement("attention", "occlusion_mask", 0.1, overlap, 10)], 36)
    tokens = tuple(TokenScore(word, 0, 1, True, True, None) for word in ["so", "good", "but", "awful"])
    answer = Explanation("x", 0.1, 0, tokens, truncated=False, known_tokens=4, used_tokens=4, seconds=0.1)
    along = ReadingAlong(np.array([1, 2, 3, 4]), np.array([0.5, 0.999, 0.99, 0.1]))
    changes = words.changes_of_mind(along, answer)
    assert [(change.words, change.token) for change in changes] == [("awful", 4), ("good", 2)]
    assert "“awful” (from 0.99 to 0.10), “good” (from 0.50 to > 0.99)" in words.changes_sentence(changes)
    asked: Any = SimpleNamespace(explanation=answer, info=SimpleNamespace(name="x"))
    drawn = along_figure([(asked, along)])
    assert rows_of(drawn)["x"].tolist() == ["so", "good", "but", "awful"]
    assert drawn.layout.xaxis.tickvals is None, "given ticks are all drawn, over one another on a phone"
    flat = ReadingAlong(np.array([1, 2]), np.array([0.5, 0.5]))
    assert "No single step" in words.changes_sentence(words.changes_of_mind(flat, answer))


def test_a_ranking_that_is_no_better_than_a_random_one_is_not_said_to_cost_the_model():
    def measured(**costs: float) -> str:
        return words.faithfulness_sentence(
            {name: SimpleNamespace(method=name, comprehensiveness=cost) for name, cost in costs.items()}
        )

    none = measured(attention=-0.02, occlusion_mask=0.01, random=0.03)
    assert none.startswith("No method's first words matter more here than words at random")
    assert "0.03 of its probability on average, Occlusion: mask's 0.01." in none
    assert measured(attention=0.02, random=0.03).startswith("No method's")
    assert "No better than random here: Attention." in measured(attention=0.02, occlusion_mask=0.4, random=0.03)


def test_a_model_that_still_trains_is_marked_and_its_answer_stamped():
    info = ModelInfo("x", "Twin", "", 0.7, True, training=True)
    tokens = 2 * (TokenScore("good", 0, 4, True, True, None),)
    found = Explanation("x", 0.9, 1, tokens, truncated=False, known_tokens=2, used_tokens=2, seconds=0.1, step=1200)
    assert model_title(info) == "Twin (0.700, still training)"
    assert note(info, found) == "2 tokens read; still training, weights after update 1,200"
    assert note(info, dataclasses.replace(found, step=None)).endswith("still training")
    done = dataclasses.replace(info, training=False)
    assert (model_title(done), note(done, found)) == ("Twin (0.700)", "2 tokens read")
    assert note(done, dataclasses.replace(found, tokens=tokens[:1], known_tokens=1, used_tokens=1)) == "1 token read"


@pytest.mark.parametrize(
    ("change", "text"), [(0.25, "+0.250"), (-0.0312, "−0.031"), (0.0, "+0.000"), (-0.00004, "−4e−05")]
)
def test_small_changes_are_not_rounded_away(change, text):
    assert words.signed(change) == text


def test_part_that_no_model_reads_is_one_token_in_the_edited_review_too(monkeypatch):
    info = next(item for item in available_models(_NoStore()) if item.id == PRETRAINED)
    monkeypatch.setattr(counterfactual, "current", Draft)
    text = "good " * 3000
    _, (shown,) = counterfactual.blocks([info], text)
    used = sum(token.used for token in shown.tokens)
    assert 0 < used < 3000
    assert len(shown.tokens) == used + 1
    assert shown.tokens[-1].end == len(text.rstrip())
    assert len(shown.rows[0].scores) == len(shown.tokens)


ALL = ("attention", "integrated_gradients", "gradient_x_input", "occlusion_delete", "occlusion_mask")


def test_a_link_starts_nothing_that_takes_long(open_page, monkeypatch):
    computed = []
    real = answers.attribute
    monkeypatch.setattr(answers, "attribute", lambda *asked: computed.append(*asked[2]) or real(*asked))
    monkeypatch.setattr("sentiment_core.work.desk.Desk.submit", lambda *_: pytest.fail("a link started a job"))
    page = open_page("explain", text="not a word of it is lazy " * 300, methods=",".join(ALL), below="table")
    assert not page.exception and not page.error
    # A second and a half for integrated gradients of 1,000 tokens, ten for each occlusion.
    assert set(computed) == {"attention", "gradient_x_input", "integrated_gradients"}
    assert {"Attention", "Gradient × input"} < set(page.dataframe[0].value.columns)
    assert button(page, "Compute")
    hint = texts(page.caption).replace("\\", "")
    assert "Occlusion: delete, Occlusion: mask" in hint and "for these 1,000 tokens" in hint


def test_a_usual_review_is_answered_at_once_by_every_method(open_page, monkeypatch):
    shown = []
    monkeypatch.setattr(answers, "_attribution", lambda *question: shown.append(question[3]) or attribution(question))
    page = open_page("explain", text="word " * 250, methods=",".join(ALL), below="edit")
    assert not page.exception and not page.error
    assert set(shown) == set(ALL) and not [item for item in page.button if item.label == "Compute"]


def test_a_review_that_the_model_has_learned_from_is_said(open_page, monkeypatch):
    assert "this very review" not in texts(open_page("explain", text=REVIEW).warning)
    seen = text_hashes([REVIEW.upper()])
    monkeypatch.setattr("sentiment_core.explain.unseen.read_seen", lambda folder: seen)
    page = open_page("explain", text=REVIEW)
    assert texts(page.warning).count("was trained or validated on this very review") == 1
    assert "this very review" not in texts(open_page("explain", text=REVIEW + " Or not.").warning)


def attribution(question):
    return Attribution(question[3], "x", True, 1, np.zeros(250), 1, 0.0)


def test_what_takes_long_is_computed_by_its_button_and_kept(open_page, lab, monkeypatch):
    monkeypatch.setattr(answers, "AT_ONCE_SECONDS", 0.0)
    page = open_page("explain", text=REVIEW, methods="attention", below="table")
    assert "Attention" not in page.dataframe[0].value.columns
    button(page, "Compute").click().run()
    info = next(info for info in available_models(lab) if info.id == PRETRAINED)
    question = answers._question(info, REVIEW, "attributions", ["attention"], None, "mean")
    assert answered(EXPLANATION, question).result is not None
    page.run()
    assert not page.exception and not page.error
    assert page.dataframe[0].value["Attention"].sum() == pytest.approx(1.0)


def test_a_failing_question_is_asked_once(open_page, monkeypatch):
    asked = []

    class Broken:
        def explain(self, text):
            asked.append(text)
            raise DataError("these weights read nothing")

    monkeypatch.setattr(answers, "predictor", lambda *_: Broken())
    page = open_page("explain", text="A review nobody else has asked about.")
    page.run()
    assert "read nothing" in texts(page.error) and len(asked) == 1
    button(page, "Try again").click().run()
    assert len(asked) == 2 and not page.exception
    answers._explanation.clear()


def test_a_method_is_a_module_and_an_entry(open_page, monkeypatch):
    mine = dataclasses.replace(METHODS["gradient_x_input"], name="mine", title="My own method")
    monkeypatch.setitem(METHODS, "mine", mine)
    page = open_page("explain", text=REVIEW, methods="attention,mine", below="table")
    assert not page.exception and not page.warning
    assert "My own method" in page.dataframe[0].value.columns
