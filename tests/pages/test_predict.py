"""Labs that ask first: what answers the question is not on the page before somebody has predicted."""

from __future__ import annotations

import pytest

from .conftest import texts

# The lab, what its address says, its question and a choice; then what is said and what is drawn only afterwards.
ASKED = [
    ("temporal-order", {}, "order", "None or one", "only the clipped one solves it", "0 of 5 seeds solve length 30"),
    ("temporal-order", {"way": "none"}, "order", "None or one", "solve length 30 without clipping", "without clipping"),
    (
        "gradient-through-time",
        {},
        "gradient-through-time",
        "Between",
        "attention against tanh RNN",
        '"name":"tanh RNN"',
    ),
    ("saturation", {}, "saturation", "More than a tenth", "You said", '"name":"Sigmoid"'),
    ("saturation", {"function": "sigmoid"}, "saturation", "More than a tenth", "the slopes alone", "slopes alone"),
    ("batch-norm", {}, "company", "More among 2", "depending on who shares", "training mode"),
    ("clipping-geometry", {}, "cliff", "By value", "by value turns it", "by value: 0.1"),
    ("initialisation", {"view": "symmetric"}, "symmetric", "1", "All 16 units are one", None),
]


@pytest.mark.parametrize(("lab", "query", "key", "choice", "said", "drawn"), ASKED, ids=lambda item: str(item)[:20])
def test_what_answers_the_question_comes_after_the_prediction(open_page, lab, query, key, choice, said, drawn):
    page = open_page("labs", lab=lab, **query)
    for answered in (False, True):
        assert not page.exception and not page.error
        assert (said in words(page)) is answered
        assert drawn is None or any(drawn in spec for spec in charts(page)) is answered
        assert charts(page), "it opens on something alive"
        page.button_group(key=f"lab:predict:{key}").set_value(choice).run()


def words(page) -> str:
    return texts([*page.markdown, *page.caption]).replace("\\", "")


def charts(page) -> list[str]:
    return [item.proto.spec for item in page.get("plotly_chart")]
