"""The baselines lab: linear models on the reviews one trains networks on, in the background, as a table."""

from __future__ import annotations

from typing import Any

import streamlit as st

from sentiment_core.baselines import BASELINES, BaselineResults, arguments_for, remarks
from sentiment_core.config import DataConfig, build, choices
from sentiment_core.errors import SentimentLabError
from sentiment_core.sources import SOURCES
from ui.kit.job_panel import job_panel
from ui.kit.labels import say
from ui.kit.notices import errors_shown, literal, show_error
from ui.kit.uploads import upload_csv, upload_path
from ui.pages import pages

# What a link may set, and the field of the data it stands for.
FIELDS = {
    "source": "source",
    "file": "path",
    "text": "text_column",
    "label": "label_column",
    "split": "split",
    "limit": "limit",
    "vectors": "embeddings",
    "tokenizer": "tokenizer",
    "validation": "validation_fraction",
}
KEY = "lab:baselines:"
VECTORS = ("glove-50", "glove-100", "word2vec")


def draw() -> None:
    """Draw the choice of reviews, and the baselines once somebody has trained them."""
    st.markdown(
        "Before a network deserves praise: what do models reach that know nothing of word order beyond pairs? "
        "Same reviews, same split. Once they are trained, their test accuracy is drawn as lines into the accuracy "
        "plots of every experiment on these reviews, here, in Lessons and in Train."
    )
    data = choose(read_data())
    if data is None:
        return
    hint = SOURCES[data.source].waiting
    result = job_panel(BASELINES, arguments_for(data), start_label="Train the baselines", time_hint=hint)
    if result is not None:
        table(result)


def read_data() -> DataConfig:
    """Return the reviews that the address names; bad settings are said and replaced by the demo reviews."""
    given = {field: st.query_params[name] for name, field in FIELDS.items() if name in st.query_params}
    try:
        if "path" in given:
            given["path"] = upload_path(given["path"])
        # A file that is still to be chosen is missing, not wrong.
        source = SOURCES.get(given.get("source", "demo"))
        waiting = source is not None and not set(source.needs) <= set(given)
        return build(DataConfig, {**given, "source": "demo"} if waiting else given)
    except SentimentLabError as error:
        show_error(error)
        for name in FIELDS:
            st.query_params.pop(name, None)
        return DataConfig()


def choose(data: DataConfig) -> DataConfig | None:
    """Draw the choice of reviews and vectors; return it, None while a file is missing."""
    source = st.query_params.get("source", "demo")
    left, middle, right = st.columns(3, gap="medium")
    with left:
        _choice("source", "Reviews", source, choices("data.source"))
    with middle:
        offered = VECTORS if data.embeddings in VECTORS else (*VECTORS, data.embeddings)
        _choice("vectors", "Vectors of the elastic net", data.embeddings, offered)
    with right:
        limit = "" if data.limit is None else str(data.limit)
        key = f"{KEY}limit:{limit}"
        st.text_input("Review limit", limit, key=key, placeholder="all", on_change=_take, args=("limit", key))
    if "path" not in SOURCES[source].needs:
        return data
    with errors_shown():
        path = upload_csv()
        if path is not None and st.query_params.get("file") != path.name:
            st.query_params["file"] = path.name
            st.rerun()
    return data if data.source == source else None


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
    st.caption(literal(" ".join(remarks(result))))
    st.page_link(pages()["train"], label="Train a network on them", icon=":material/arrow_forward:")


def _choice(name: str, label: str, value: str, options: tuple[str, ...]) -> None:
    key = f"{KEY}{name}:{value}"
    field = f"data.{FIELDS[name]}"
    st.selectbox(
        label,
        options,
        options.index(value),
        lambda option: say(field, option),
        key=key,
        on_change=_take,
        args=(name, key),
    )


def _take(name: str, key: str) -> None:
    value = str(st.session_state[key]).strip()
    if name == "source":
        # Another source's file, split or limit would make no sense.
        for other in ("file", "text", "label", "split", "limit"):
            st.query_params.pop(other, None)
    if value and value not in {"demo", "glove-50"}:
        st.query_params[name] = value
    else:
        st.query_params.pop(name, None)
