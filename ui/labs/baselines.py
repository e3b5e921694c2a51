"""The baselines lab: linear models on the reviews one trains networks on, in the background, as a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from sentiment_core.baselines import BASELINES, BaselineResults, arguments_for, how_to_read
from sentiment_core.config import ExperimentConfig, choices, flatten, from_fields
from sentiment_core.setting_words import say
from sentiment_core.settings import DataConfig
from sentiment_core.sources import SOURCES
from ui.addresses import lab_address, to_train
from ui.kit.address_fields import setting
from ui.kit.job_panel import job_panel
from ui.kit.notices import literal
from ui.kit.uploads import in_users_words, reviews_file, upload

# What a link may set, and the field of the data it stands for.
FIELDS = {
    "source": "data.source",
    "text": "data.text_column",
    "label": "data.label_column",
    "split": "data.split",
    "limit": "data.limit",
    "vectors": "data.embeddings",
    "tokenizer": "data.tokenizer",
    "validation": "data.validation_fraction",
}
USUAL = {name: "" if value is None else str(value) for name, value in flatten(ExperimentConfig()).items()}
ADDRESS = lab_address("baselines", upload("file", ""), *(setting(name, of, USUAL[of]) for name, of in FIELDS.items()))
VECTORS = ("glove-50", "glove-100", "word2vec")


def draw() -> None:
    """Draw the choice of reviews, and the baselines once somebody has trained them."""
    st.markdown(
        "Before a network deserves praise: what do models reach that know nothing of word order beyond pairs? "
        "Same reviews, same split. Once they are trained, their test accuracy is drawn as lines into the accuracy "
        "plots of every experiment on these reviews, here, in Lessons and in Train."
    )
    data = choose()
    if data is None:
        return
    hint = SOURCES[data.source].waiting
    result = job_panel(BASELINES, arguments_for(data), start_label="Train the baselines", time_hint=hint)
    if result is not None:
        table(result)


def choose() -> DataConfig | None:
    """Draw the choice of reviews and vectors; return it, None while a file is missing."""
    value = ADDRESS.value
    left, middle, right = st.columns(3, gap="medium")
    with left:
        _choice("source", "Reviews", choices("data.source"), _other_source)
    with middle:
        offered = VECTORS if value("vectors") in VECTORS else (*VECTORS, value("vectors"))
        _choice("vectors", "Vectors of the elastic net", offered)
    right.text_input("Review limit", key=ADDRESS.key("limit"), placeholder="all")
    changed = {of: value(name) for name, of in FIELDS.items() if value(name) and name != "source"}
    if "path" not in SOURCES[value("source")].needs:
        return from_fields({**changed, "data.source": value("source")}).data
    found = reviews_file(
        "lab:baselines:upload",
        value("file"),
        lambda path: ADDRESS.put(file=path.name),
        start={"text_column": value("text"), "label_column": value("label")},
        looked_up={"tokenizer": value("tokenizer"), "embeddings": value("vectors")},
    )
    if found is None:
        return None
    own = {f"data.{name}": getattr(found, name) for name in SOURCES[value("source")].fields}
    return from_fields({**changed, "data.source": value("source"), **own}).data


def table(result: BaselineResults) -> None:
    """Draw one row a baseline, best first, the majority class below them, and what they were trained on."""
    most = result["majority"]
    rows: list[dict[str, Any]] = [
        {
            "Baseline": row["title"],
            "Test": row["test_accuracy"],
            "Valid.": row["validation_accuracy"],
            "Features": row["features"],
            "Seconds": row["seconds"],
            "What it is": row["description"],
        }
        for row in sorted(result["rows"], key=lambda row: row["test_accuracy"], reverse=True)
    ]
    rows.append(
        {
            "Baseline": "majority class",
            "Test": most["test_accuracy"],
            "Valid.": most["validation_accuracy"],
            "What it is": f"every review is called {most['label']}, as at least half of the training reviews are",
        }
    )
    columns = {
        "Test": st.column_config.NumberColumn(format="%.3f", help="Accuracy on the test reviews, measured once."),
        "Valid.": st.column_config.NumberColumn(format="%.3f", help="Accuracy on the validation reviews."),
        "Features": st.column_config.NumberColumn(format="localized"),
        "Seconds": st.column_config.NumberColumn(
            format="%.1f", help="Features and fitting. Counting word pairs is shared and counts for both that use it."
        ),
        "What it is": st.column_config.TextColumn(width="large"),
    }
    st.dataframe(rows, hide_index=True, column_config=columns)
    st.caption(literal(in_users_words(" ".join(how_to_read(result)), ADDRESS.value("file") or "")))
    to_train().draw("Train a network on them", icon=":material/arrow_forward:")


def _choice(name: str, label: str, options: Sequence[str], on_change: Callable[[], None] | None = None) -> None:
    st.selectbox(
        label,
        options,
        key=ADDRESS.key(name),
        format_func=lambda option: say(FIELDS[name], option),
        on_change=on_change,
    )


def _other_source() -> None:
    """Forget the file, split and limit of another source, which would make no sense."""
    ADDRESS.put(file="", **{name: USUAL[FIELDS[name]] for name in ("text", "label", "split", "limit")})
