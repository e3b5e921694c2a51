"""What can be done with the selected runs: open, duplicate, explain, rename, export, delete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from sentiment_core import export
from sentiment_core.classroom.people import may
from sentiment_core.errors import SentimentLabError
from sentiment_core.explain.catalogue import with_models
from sentiment_core.store import Experiment, Run
from sentiment_core.tasks import TASKS
from ui.addresses import RUNS, to_explain, to_glass, to_train
from ui.kit.components.copy_link import copy_link
from ui.kit.model_upload import bring_model
from ui.kit.notices import literal, problems_kept, show_error
from ui.runs.table import Entry
from ui.server.backend import store
from ui.server.visitor import visitor

MOST_RENAMED = 8
NOT_YOURS = "Only whoever it belongs to, and the lecturer, may do this."


def draw_actions(chosen: Sequence[Entry]) -> None:
    """Draw what can be done with the selected runs."""
    experiments = list({entry.experiment.id: entry.experiment for entry in chosen}.values())
    st.markdown(f"**{len(chosen)}** selected", width="content")
    single = experiments[0] if len(experiments) == 1 else None
    if single is not None:
        to_train(experiment=single.id).draw("Open", icon=":material/show_chart:")
        to_train(single.config).draw(
            "Duplicate",
            icon=":material/file_copy:",
            help="The Train page with these settings and runs, to change and train again.",
        )
    # Without an update there is no model to ask, and only one that read reviews can be asked about one.
    models = [entry.run.id for entry in chosen if entry.run.steps and TASKS[entry.run.config.task].judges_reviews]
    if models:
        to_explain(models).draw("Explain", icon=":material/highlight:")
    if states := [entry.run.id for entry in chosen if entry.run.steps and TASKS[entry.run.config.task].has_states]:
        to_glass([(name, None) for name in states]).draw(
            "Look inside",
            icon=":material/visibility:",
            help="A review word by word through the units of the first two, at any step whose weights were kept.",
        )
    st.space("stretch")
    why_not = None if single else "Select runs of one experiment to rename them."
    mine = all(may(visitor(), "rename", each.owner) for each in experiments)
    if experiments and not mine:
        why_not = NOT_YOURS
    if st.button("Rename", icon=":material/edit:", disabled=single is None or not mine, help=why_not):
        assert single is not None
        rename(single, chosen[:MOST_RENAMED])
    taken = all(may(visitor(), "download", each.owner) for each in experiments)
    with st.popover("Export", icon=":material/download:", disabled=not (chosen and taken)):
        if taken:
            draw_exports(chosen)
    bring_model("runs:model", lambda run: RUNS.put(runs=[run.id]))
    deletable = bool(experiments) and all(may(visitor(), "delete", each.owner) for each in experiments)
    tip = NOT_YOURS if experiments and not deletable else None
    if st.button("Delete", icon=":material/delete:", disabled=not deletable, help=tip):
        confirm_delete(experiments)
    copy_link()


def draw_exports(chosen: Sequence[Entry]) -> None:
    """Draw one download a format; the files are made when somebody asks for them."""
    runs = [entry.run for entry in chosen]
    # Files are made later, when nobody knows any more who asks: by a store that acts for whoever sees the button.
    opened = store()
    for experiment in {entry.experiment.id for entry in chosen}:
        opened.permit("download", experiment)
    name = runs[0].id if len(runs) == 1 else f"{len(runs)}-runs"
    downloads = (
        ("Metrics as CSV", lambda: export.metrics_csv(opened, runs), f"{name}.csv", "text/csv"),
        ("Settings as JSON", lambda: export.config_json(runs), f"{name}.json", "application/json"),
        (
            "TensorBoard files",
            lambda: export.tensorboard_zip(opened, runs),
            f"{name}-tensorboard.zip",
            "application/zip",
        ),
        ("Report as HTML", lambda: export.report_html(opened, runs), f"{name}.html", "text/html"),
    )
    for label, make, file_name, kind in downloads:
        st.download_button(label, make, file_name, kind, on_click="ignore", width="stretch", icon=":material/download:")
    if len(runs) == 1 and _can_leave(runs[0]):
        st.download_button(
            "Model",
            lambda: export.model_zip(opened, [runs[0].id]),
            f"{name}-model.zip",
            "application/zip",
            on_click="ignore",
            width="stretch",
            icon=":material/download:",
            help="Weights, words or pieces, and settings; `load_model.py` in it asks the model with PyTorch alone.",
        )
    alone = "" if len(runs) == 1 else " To take a model along, select a single run."
    st.caption(
        f"Of the selected runs.{alone} Unpack the TensorBoard files and run `tensorboard --logdir` on the folder."
    )


def _can_leave(run: Run) -> bool:
    """Whether a run has a model that can be asked elsewhere."""
    return run.id in with_models([run]) and TASKS[run.config.task].judges_reviews and not run.config.model.mistakes


@st.dialog("Rename")
def rename(experiment: Experiment, chosen: Sequence[Entry]) -> None:
    """Ask for the names of an experiment and of its selected runs, and keep them."""
    with st.form("rename", border=False):
        name = st.text_input("Experiment", experiment.name, max_chars=120)
        names = [st.text_input(f"Run {entry.run.position}", entry.run.name, max_chars=80) for entry in chosen]
        if not st.form_submit_button("Save", type="primary"):
            return
    try:
        save_names(experiment, name, dict(zip((entry.run.id for entry in chosen), names, strict=True)))
    except SentimentLabError as error:
        show_error(error)
        return
    st.rerun()


def save_names(experiment: Experiment, name: str, names: Mapping[str, str]) -> None:
    """Keep the names that changed, of an experiment and by run id; raises `ConfigError` for impossible ones."""
    if name != experiment.name:
        store().rename_experiment(experiment.id, name)
    for run in experiment.runs:
        if names.get(run.id, run.name) != run.name:
            store().rename_run(run.id, names[run.id])


@st.dialog("Delete for good?")
def confirm_delete(experiments: Sequence[Experiment]) -> None:
    """Ask, then delete whole experiments: runs of one experiment belong together."""
    for experiment in experiments:
        st.markdown(f"- **{literal(experiment.name)}**, {len(experiment.runs)} run(s), `{experiment.id}`")
    st.caption("Curves and saved models go with them. Runs that train must be stopped first.")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep", key="delete:keep"):
            st.rerun()
        if st.button("Delete", type="primary", key="delete:confirm", on_click=delete, args=(experiments,)):
            st.rerun()


def delete(experiments: Sequence[Experiment]) -> None:
    """Delete experiments; what goes wrong is shown on the next run of the page."""
    RUNS.put(runs=[])
    with problems_kept():
        for experiment in experiments:
            store().delete_experiment(experiment.id)
