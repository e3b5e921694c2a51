"""Explain over a test set: choices, link, job and result, opened without a browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from sentiment_core.explain.study_question import FAITHFULNESS, study_arguments
from tests.pages.conftest import answered, button, texts
from ui.kit.uploads import save_upload

FAST = "gradient_x_input"


def script():
    from ui.explain.study_view import draw

    draw()


def opened(**query: str) -> AppTest:
    app = AppTest.from_function(script, default_timeout=60)
    app.query_params.update({"view": "study", **query})
    page = app.run()
    assert not page.exception
    return page


def address(page: AppTest) -> dict[str, str]:
    return {name: value[0] if isinstance(value, list) else value for name, value in page.query_params.items()}


def test_from_the_choice_to_the_result_and_back_by_its_link(lab: Any) -> None:
    page = opened(model="pretrained", data="demo", sample="12", seed="3", methods=f"attention,{FAST}")
    assert not page.warning and "Less than a minute" in texts(page.caption)
    button(page, "Measure").click().run()
    arguments = study_arguments("pretrained", "demo", 12, 3, ["attention", FAST], lab)
    assert answered(FAITHFULNESS, arguments).result is not None
    page.run()
    assert not page.exception and not page.error
    table = page.dataframe[0].value
    assert list(table["Method"]) == ["Attention", "Gradient × input", "Random order"]
    assert "12 reviews" in texts(page.markdown) and len(page.get("plotly_chart")) == 2
    link = address(page)
    assert link == {
        "view": "study", "model": "pretrained", "sample": "12", "seed": "3",
        "methods": f"attention,{FAST}",
    }  # fmt: skip
    again = opened(**link)
    assert again.dataframe[0].value.equals(table) and not again.button


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ({"model": "nobody-1"}, "model in this link"),
        ({"sample": "9"}, "number of reviews"),
        ({"sample": "1e3"}, "number of reviews"),
        ({"seed": "-1"}, "seed"),
        ({"methods": "attention,<b>"}, "methods in this link must be among"),
        ({"data": "own"}, "does not come with it"),
    ],
)
def test_a_bad_link_gives_a_message_and_the_default(query: dict[str, str], complaint: str, lab: Any) -> None:
    page = opened(**query)
    assert complaint in texts(page.warning).replace("\\", "") and button(page, "Measure")
    good = address(page)
    assert {name: value for name, value in good.items() if name != "methods"} == {
        "view": "study",
        "model": "pretrained",
    }


@pytest.mark.parametrize("data", ["/etc/passwd", "../store.sqlite3", "0" * 24 + ".csv"])
def test_a_link_cannot_name_a_file_that_was_not_uploaded(data: str, lab: Any) -> None:
    page = opened(data=data)
    assert "upload" in texts([*page.error, *page.warning]) and not page.button


def test_an_uploaded_file_is_asked_and_a_bad_one_refused(lab: Any) -> None:
    good = save_upload("a.csv", ("text,label\n" + "".join(f"fine film {n},{n % 2}\n" for n in range(60))).encode())
    assert button(opened(data=good.name), "Measure")
    bad = save_upload("b.csv", b"text,label\nfine,maybe\n")
    page = opened(data=bad.name)
    assert "label" in texts(page.error) and not [item for item in page.button if item.label == "Measure"]


def test_no_method_chosen_is_said(lab: Any) -> None:
    page = opened()
    page.multiselect[0].set_value([]).run()
    assert "choose at least one" in texts(page.error).replace("\\", "") and not page.exception


def test_figures_are_plain_json_for_a_study_of_one_method(lab: Any, tmp_path: Path) -> None:
    from sentiment_core.explain.study import run
    from sentiment_core.progress import silent
    from ui.explain.study_plot import agreement_figure, curves_figure

    path = tmp_path / "short.csv"
    path.write_text("text,label\n" + "".join(f"A {('dull', 'fine')[n % 2]} film {n},{n % 2}\n" for n in range(100)))
    result = run(study_arguments("pretrained", str(path), 10, 0, [FAST], lab), silent)
    curves = json.loads(curves_figure(result).to_json())
    assert len(curves["data"]) == 2 * 2 * 2 and json.loads(agreement_figure(result).to_json())
    assert curves["data"][1]["y"] == pytest.approx(result["methods"][0]["deletion"]["mean"])
