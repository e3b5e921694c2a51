"""Explain, over a test set: how faithful each method is, with intervals, as a background job."""

from __future__ import annotations

import json

import pandas as pd
import streamlit as st

from sentiment_core.config import DataConfig
from sentiment_core.datasets.file.container import READABLE
from sentiment_core.errors import ConfigError, SentimentLabError
from sentiment_core.explain import METHODS, PRETRAINED, ModelInfo, available_models
from sentiment_core.explain.study_question import (
    FAITHFULNESS,
    LEAST_REVIEWS,
    MOST_REVIEWS,
    MOST_SEED,
    Study,
    StudyQuestion,
    study_arguments,
)
from sentiment_core.explain.study_words import COLUMNS, GAINS, described, findings, say
from ui.explain.study_plot import agreement_figure, curves_figure
from ui.kit.components.copy_link import copy_link
from ui.kit.job_panel import job_panel
from ui.kit.notices import errors_shown, literal, show_error
from ui.kit.reading_first import read_first
from ui.kit.uploads import in_users_words, upload_csv, upload_path
from ui.server.backend import store

MODEL, DATA, SAMPLE, SEED, CHOSEN = (f"study:{name}" for name in ("model", "data", "sample", "seed", "methods"))
FILE, KEPT = "study:file", "study:kept"
DEMO, OWN, CSV = "demo", "own", "csv"
SOURCES = {DEMO: "Demo reviews that no model has seen", OWN: "The model's own test reviews", CSV: "A file of mine"}
ASKED = {DEMO: "of the demo generator", OWN: "of its own test part"}
ALL = [name for name in METHODS if name != "random"]
SAMPLES = (20, 50, 100, 200, 500, 1000, 2000)
# On one core of a 2020s laptop, 230 tokens a review: the occlusions send one review through the network per token.
SECONDS = {"occlusion_delete": 0.3, "occlusion_mask": 0.3, "integrated_gradients": 0.2, "gradient_x_input": 0.04}
BASE_SECONDS = 0.1


def draw() -> None:
    """Draw the choices, the job and its result."""
    models = {info.id: info for info in available_models(store())}
    if not models:
        st.info("There is no trained model yet. Train one for an epoch; it can be examined here from then on.")
        return
    problems = _adopt_address(models)
    st.caption(
        "Take away the tokens that a method ranks first: does the model change its mind sooner than when tokens are "
        "taken away at random? Asked over many reviews, each number comes with an interval."
    )
    _choices(models)
    for problem in problems:
        st.warning(literal(problem))
    _write_address()
    try:
        arguments = _arguments(models)
    except SentimentLabError as error:
        show_error(error.worded(in_users_words(str(error), st.session_state.get(FILE) or "")))
        return
    if arguments is None:
        if not st.session_state.get(FILE):
            st.caption(f"Choose a file with a review and its label a row. {READABLE} can be read.")
        return
    result = job_panel(FAITHFULNESS, arguments, start_label="Measure", time_hint=_hint(arguments))
    if result is not None:
        show(result)


def show(result: Study) -> None:
    """Draw a result: what follows from it, the curves, the numbers."""
    result = {**result, "data": ASKED.get(result["data"]) or in_users_words(result["data"], result["data"])}
    with st.container(border=True, key="study-findings"):
        for sentence in findings(result):
            st.markdown(literal(sentence))
    st.plotly_chart(curves_figure(result), key="study-curves", config={"displayModeBar": False})
    st.dataframe(_table(result), hide_index=True, key="study-table")
    left, right = st.columns([1.2, 1], gap="large", vertical_alignment="center")
    with left:
        st.plotly_chart(agreement_figure(result), key="study-agreement", config={"displayModeBar": False})
    with right:
        st.caption(literal(described(result)))
        st.caption(
            "Comprehensiveness: how much the probability of the predicted class falls when the top tokens go; "
            "sufficiency: how much it falls when only they are left. Both are averaged over the top 1, 5, 10, 20 and "
            "50 % (DeYoung et al. 2020). Random order is the mean of five orders."
        )
        st.download_button(
            "Download as JSON",
            json.dumps(result, indent=1),
            f"faithfulness-{result['model']}.json",
            "application/json",
            icon=":material/download:",
            on_click="ignore",
        )


def _choices(models: dict[str, ModelInfo]) -> None:
    first, second, third, fourth = st.columns([2, 2, 1, 1])
    with first:
        st.selectbox("Model", list(models), key=MODEL, format_func=lambda name: _title(models[name]))
    with second:
        # What the pretrained model learned from does not come with it.
        sources = [name for name in SOURCES if name != OWN or st.session_state[MODEL] != PRETRAINED]
        if st.session_state[DATA] not in sources:
            st.session_state[DATA] = DEMO
        st.selectbox("Reviews", sources, key=DATA, format_func=SOURCES.__getitem__)
    with third:
        st.selectbox("How many", sorted({*SAMPLES, st.session_state[SAMPLE]}), key=SAMPLE)
    with fourth:
        st.number_input("Seed", 0, MOST_SEED, key=SEED, help="Fixes the sample, the random orders and the intervals.")
    usable = _usable(models[st.session_state[MODEL]])
    # After a change of model, a method that the new one has no use for must be gone before the widget is drawn.
    st.session_state[CHOSEN] = [name for name in st.session_state[CHOSEN] if name in usable]
    left, right = st.columns([6, 1], vertical_alignment="bottom")
    with left:
        st.multiselect(
            "Methods",
            usable,
            key=CHOSEN,
            format_func=lambda name: METHODS[name].title,
            wrap=True,
        )
    with right:
        copy_link("study:copy-link")
    if st.session_state[DATA] == CSV:
        with errors_shown():
            if (path := upload_csv()) is not None:
                st.session_state[FILE] = path.name


def _arguments(models: dict[str, ModelInfo]) -> StudyQuestion | None:
    """Return what to measure, None while no file is chosen or it has not been read; raises `SentimentLabError`."""
    data = st.session_state[DATA]
    if data == CSV:
        if not st.session_state.get(FILE):
            return None
        data = upload_path(st.session_state[FILE])
        if read_first(DataConfig(source="csv", path=data), shown=False) is None:
            return None
    if not st.session_state[CHOSEN]:
        raise ConfigError("methods: choose at least one")
    return study_arguments(
        st.session_state[MODEL],
        data,
        st.session_state[SAMPLE],
        st.session_state[SEED],
        st.session_state[CHOSEN],
        store(),
    )


def _hint(question: StudyQuestion) -> str:
    seconds = question.sample * (BASE_SECONDS + sum(SECONDS.get(name, 0.0) for name in question.methods))
    about = "Less than a minute" if seconds < 50 else f"About {max(1, round(seconds / 60))} min"
    return f"{about} for reviews of usual length. It goes on when you close the page; the result is kept."


def _title(info: ModelInfo) -> str:
    return info.name if info.accuracy is None else f"{info.name} ({info.accuracy:.3f})"


def _adopt_address(models: dict[str, ModelInfo]) -> list[str]:
    """Fill the widgets from a link, or from what was chosen before; return what could not be used."""
    if MODEL in st.session_state and st.session_state[MODEL] in models:
        return []
    query = st.query_params.to_dict()
    if "model" not in query:
        query = st.session_state.get(KEPT, query)
    problems = []
    model = query.get("model", PRETRAINED)
    if model not in models:
        problems.append("The model in this link is not here, or has not finished its first epoch; choose another.")
        model = PRETRAINED if PRETRAINED in models else next(iter(models))
    st.session_state[MODEL] = model
    data = query.get("data", DEMO)
    if data == OWN and model == PRETRAINED:
        problems.append("What the pretrained model learned from does not come with it: demo reviews are used instead.")
        data = DEMO
    if data in {DEMO, OWN, CSV}:
        st.session_state[DATA] = data
    else:
        st.session_state[DATA] = CSV
        st.session_state[FILE] = data
    st.session_state[SAMPLE] = _whole(
        query.get("sample", "100"), LEAST_REVIEWS, MOST_REVIEWS, 100, "number of reviews", problems
    )
    st.session_state[SEED] = _whole(query.get("seed", "0"), 0, MOST_SEED, 0, "seed", problems)
    named = [name for name in query.get("methods", "").split(",") if name]
    known = [name for name in named if name in ALL]
    if known != named:
        problems.append("This link names an explanation method that does not exist; it is left out.")
    usable = _usable(models[model])
    st.session_state[CHOSEN] = [name for name in known or usable if name in usable]
    return problems


def _usable(info: ModelInfo) -> list[str]:
    return [name for name in ALL if info.has_attention or not METHODS[name].needs_attention]


def _whole(text: str, low: int, high: int, default: int, name: str, problems: list[str]) -> int:
    if text.isdecimal() and len(text) < 12 and low <= int(text) <= high:
        return int(text)
    problems.append(f"The {name} in this link is not a whole number from {low:,} to {high:,}; it is {default:,} now.")
    return default


def _write_address() -> None:
    state = st.session_state
    data = state[DATA] if state[DATA] != CSV else state.get(FILE) or CSV
    query = {
        "view": "study",
        "model": state[MODEL],
        "data": data,
        "sample": str(state[SAMPLE]),
        "seed": str(state[SEED]),
    }
    if 0 < len(state[CHOSEN]) < len(ALL):
        query["methods"] = ",".join(state[CHOSEN])
    state[KEPT] = query
    if query != st.query_params.to_dict():
        st.query_params.from_dict(query)


def _table(result: Study) -> pd.DataFrame:
    rows = []
    for row in result["methods"]:
        cells = {"Method": row["title"]}
        cells |= {title: say(row[column]) for column, title in COLUMNS.items()}
        for gain, title in zip(GAINS, ("Gain over random, compr. ↑", "Gain over random, suff. ↑"), strict=True):
            cells[title] = say(row[gain]) if gain in row else "–"
        for k, found in (row["precision"] or {}).items():
            cells[f"Precision@{k} ↑"] = say(found)
        rows.append(cells | {"Passes a review": f"{row['passes']:.0f}", "Seconds a review": f"{row['seconds']:.3f}"})
    return pd.DataFrame(rows)
