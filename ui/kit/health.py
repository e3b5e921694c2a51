"""What is wrong with runs, above or below their curves: a line each, with the way to where one learns more about it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, Protocol

import streamlit as st

from sentiment_core.findings.health import Remark, examine_run
from sentiment_core.store import Run, RunSource
from ui.kit.kept import kept
from ui.kit.notices import literal

REFRESH_SECONDS = 3.0


class Way(Protocol):
    """A link that can be drawn."""

    def draw(self, label: str, **options: Any) -> None:
        """Draw it."""


def health(
    source: RunSource,
    ask: Callable[[], Sequence[Run]],
    *,
    lab: Callable[[str], Way],
    lesson: Callable[[str], Way],
    said: Collection[str] = (),
    meant: str = "",
    key: str = "health",
) -> None:
    """Draw what is wrong with the runs that `ask` returns; anew every few seconds while one of them trains.

    `lab` and `lesson` lead to what a remark is about. `said` are topics of a verdict that stands on the same page.
    `meant` is said behind a remark that the rate is too high, where that rate was not the reader's choice.
    """
    active = any(run.status.is_active for run in ask())
    st.fragment(_draw, run_every=REFRESH_SECONDS if active else None)(source, ask, lab, lesson, said, meant, key)


def _draw(
    source: RunSource,
    ask: Callable[[], Sequence[Run]],
    lab: Callable[[str], Way],
    lesson: Callable[[str], Way],
    said: Collection[str],
    meant: str,
    key: str,
) -> None:
    runs = ask()
    remarks = [remark for run in runs for remark in remarks_on(source, run) if remark.topic not in said]
    if not remarks:
        return
    with st.container(border=True, gap="small", key=key):
        for remark in remarks:
            name = f"*{literal(remark.run)}*: " if len(runs) > 1 else ""
            icon = ":material/warning:" if remark.alert else ":material/info:"
            said_here, ways = st.columns([5, 1], vertical_alignment="center")
            added = f" {meant}" if meant and remark.kind == "rate too high" else ""
            said_here.markdown(f"{icon} {name}{literal(remark.text + added)}")
            with ways, st.container(horizontal=True, gap="small", horizontal_alignment="right"):
                lab(remark.lab).draw("Lab", icon=":material/science:")
                lesson(remark.lesson).draw("Lesson", icon=":material/menu_book:")


def remarks_on(source: RunSource, run: Run) -> list[Remark]:
    """Return what is wrong with a run, worked out once for as far as it has come."""
    found: list[Remark] = _examined(source, run, run.id, run.steps, str(run.status), run.validation_accuracy)
    return found


@kept(max_entries=500)
def _examined(_source: RunSource, _run: Run, *come_so_far: Any) -> list[Remark]:
    return examine_run(_source, _run)
