"""Exports hold every character of any text, escape all of it, and say the numbers that the explanation has."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from html import escape
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sentiment_core.explain import METHODS, Attribution, attribute
from sentiment_core.explain.export import ModelRows, as_document, as_html
from sentiment_core.explain.predictor import Predictor
from sentiment_core.number_words import equals

Make = Callable[..., Predictor]
ALL = list(METHODS)
HOSTILE = "word1 <script>alert(1)</script> \"word2' & <img src=x onerror=alert(1)> &amp; </p></style> word3 ]]> -->"


class Page(HTMLParser):
    """Collects tags, the text of each paragraph of class `text`, and the cells of the tables."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self.cells: list[list[str]] = []
        self.open = ""
        self.feed(content)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag == "p":
            self.open = "text" if ("class", "text") in attrs else ""
            if self.open:
                self.texts.append("")
        elif tag == "tr":
            self.cells.append([])
        elif tag in ("td", "th"):
            self.open = "cell"
            self.cells[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("p", "td", "th"):
            self.open = ""

    def handle_data(self, data: str) -> None:
        if self.open == "text":
            self.texts[-1] += data
        elif self.open == "cell":
            self.cells[-1][-1] += data


def explained(predictor: Predictor, text: str, methods: list[str], name: str = "Model") -> ModelRows:
    return ModelRows(name, predictor.explain(text), tuple(attribute(predictor, text, methods)))


@pytest.fixture
def shared() -> dict[str, Predictor]:
    return {}


@given(
    text=st.text(st.characters() | st.sampled_from("word12 <>&\"'\r\n"), max_size=60).filter(lambda text: text.strip())
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_every_character_is_there(text: str, make_predictor: Make, shared: dict[str, Predictor]) -> None:
    if not shared:
        shared["predictor"] = make_predictor()
    rows = explained(shared["predictor"], text, ["attention", "gradient_x_input"])
    page = as_html(text, [rows], title=text)
    shown = Page(page.encode().decode()).texts
    # HTML has no way to write these two kinds of character.
    assert shown == [re.sub("[\x00\ud800-\udfff]", "\ufffd", text)] * 2
    assert json.loads(json.dumps(as_document(text, [rows])))["text"] == text


def test_hostile_text_stays_text(make_predictor: Make) -> None:
    predictor = make_predictor()
    page = Page(as_html(HOSTILE, [explained(predictor, HOSTILE, ALL, name=HOSTILE)], title=HOSTILE))
    assert page.texts == [HOSTILE] * len(ALL)
    assert not {"script", "img", "link", "iframe", "a"} & set(page.tags)
    assert page.tags.count("style") == page.tags.count("title") == 1
    assert not any(name.startswith("on") or name in ("src", "href") for name, _ in page.attributes)


def test_the_page_says_what_attention_leaves_out(make_predictor: Make) -> None:
    rows = explained(make_predictor(), "word1 word2", ["attention"])
    assert "parts that the decision" not in as_html("word1 word2", [rows])
    several = replace(rows, attributions=tuple(replace(item, parts=3) for item in rows.attributions))
    assert "weights in 1 of the 3 parts that the decision is made from" in as_html("word1 word2", [several])
    assert as_document("word1 word2", [several])["models"][0]["methods"][0]["parts"] == 3


def test_the_page_needs_nothing_from_elsewhere(make_predictor: Make) -> None:
    page = as_html("word1 word2", [explained(make_predictor(), "word1 word2", ALL)])
    assert "http:" not in page and "https:" not in page and "url(" not in page and "@import" not in page
    assert "prefers-color-scheme: dark" in page
    assert page.count("default-src 'none'") == 1


def test_numbers_legends_and_completeness_are_written_out(make_predictor: Make) -> None:
    text, methods = "word3 nowhere word7 word1", ["attention", "integrated_gradients"]
    rows = explained(make_predictor(), text, methods)
    content = as_html(text, [rows])
    head, *table = Page(content).cells
    assert head == ["Character", "Token", "Attention", "Integrated gradients"]
    assert [row[:2] for row in table] == [["0", "word3"], ["14", "word7"], ["20", "word1"]]
    for row, place in zip(table, (0, 2, 3), strict=True):
        for cell, attribution in zip(row[2:], rows.attributions, strict=True):
            assert float(cell.replace("−", "-")) == pytest.approx(attribution.towards_positive[place], rel=1e-3)
    found = rows.attributions[1].completeness
    sign = 1 if rows.explanation.label else -1
    assert found is not None and f"add up to {sign * found.total:+.4f}" in content
    assert f"by {sign * found.difference:+.4f}" in content
    assert "<s>nowhere</s>" in content
    assert "for negative" in content and "for positive" in content
    assert f"P(positive) {escape(equals(rows.explanation.probability))} · 3 of 4 tokens read" in content


def test_signs_and_shared_scales(make_predictor: Make) -> None:
    predictor, text = make_predictor(), "word1 word2"
    explanation = predictor.explain(text)

    def rows(name: str, scores: list[float]) -> ModelRows:
        return ModelRows(name, explanation, (Attribution("occlusion_mask", "Mask", True, 1, np.array(scores), 3, 0.0),))

    content = as_html(text, [rows("one", [2.0, -1.0]), rows("two", [-4.0, 0.0])])
    spans = re.findall(r'<span class="(\w+)" style="--s:([\d.]+)" title="([^"]+)">(\w+)</span>', content)
    assert spans == [
        ("up", "0.500", "+2", "word1"),
        ("down", "0.250", "−1", "word2"),
        ("down", "1.000", "−4", "word1"),
        ("up", "0.000", "+0", "word2"),
    ]


def test_the_document_says_everything(make_predictor: Make) -> None:
    predictor, text = make_predictor({"data.max_tokens": 2}), "word3 nowhere word7 👍 word1"
    document = json.loads(json.dumps(as_document(text, [explained(predictor, text, ALL, "mine")]), allow_nan=False))
    (model,) = document["models"]
    assert (model["id"], model["name"], model["truncated"], model["used_tokens"]) == ("drawn", "mine", True, 2)
    assert model["probability"] == predictor.explain(text).probability
    assert [method["method"] for method in model["methods"]] == ALL
    completeness = [method["completeness"] for method in model["methods"] if method["completeness"]]
    assert len(completeness) == 1 and set(completeness[0]) == {"total", "difference", "relative_error"}
    for token in model["tokens"]:
        assert token["text"] == text[token["start"] : token["end"]] and list(token["scores"]) == ALL
        assert all((score is not None) == token["used"] for score in token["scores"].values())
    attributions = {found.method: found.scores for found in attribute(predictor, text, ALL)}
    used = [place for place, token in enumerate(model["tokens"]) if token["used"]]
    assert [model["tokens"][place]["text"] for place in used] == ["word3", "word7"]
    for name, scores in attributions.items():
        assert [model["tokens"][place]["scores"][name] for place in used] == scores[used].tolist()
    assert {"python", "torch", "captum", "numpy"} <= set(document["versions"])


def test_a_model_without_methods_still_shows_the_text(make_predictor: Make) -> None:
    text = "word1  \n word2"
    assert Page(as_html(text, [ModelRows("m", make_predictor().explain(text), ())])).texts == [text]


def test_a_review_that_the_model_has_learned_from_is_said(make_predictor: Make) -> None:
    found = make_predictor().explain("word1")
    for seen, count in ((True, 1), (False, 0), (None, 0)):
        rows = [ModelRows("mine", found, (), seen)]
        assert as_html("word1", rows).count("mine was trained or validated on this very review") == count
        assert as_document("word1", rows)["models"][0]["seen"] is seen
