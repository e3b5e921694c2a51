"""Which columns of an upload hold review and label: chosen from a list, beside its first rows as understood."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from sentiment_core.config import field_info
from sentiment_core.datasets.file.columns import Undecided
from sentiment_core.datasets.file.reader import glance
from sentiment_core.errors import DataError
from sentiment_core.settings import DataConfig
from ui.kit.kept import kept
from ui.kit.notices import literal

COLUMNS = ("text_column", "label_column")
LONGEST_CELL = 200


def choose_columns(
    key: str,
    data: DataConfig,
    start: Mapping[str, Any],
    changed: Callable[[str, Any], None],
    folded: Any,
    labelled: bool,
) -> dict[str, str]:
    """Draw the choice of the columns of `data.path`, read as `data` says; return the settings.

    It lies in `folded`, or in sight and above the first rows where the file leaves open which columns are meant.
    `start`: what was chosen; `changed` is told what is.
    """
    usual = {name: str(field_info(f"data.{name}").default) for name in COLUMNS}
    columns, is_open = _columns(data, labelled)
    chosen: dict[str, str] = {}
    with st.container() if is_open else folded:
        if is_open:
            st.caption("More than one column could be meant. Choose those of the review and of its label:")
        places = st.columns(2)
        for name, place in zip(COLUMNS, places, strict=True):
            info, value = field_info(f"data.{name}"), str(start.get(name, usual[name]))
            # The usual name stands for whichever column can be found, unless one is called so.
            options = list(dict.fromkeys([usual[name], *columns, value]))
            chosen[name] = place.selectbox(
                info.title,
                options,
                options.index(value),
                key=f"{key}:{name}:{value}",
                format_func=partial(_named, columns, usual[name]),
                help=info.description,
            )
            changed(name, chosen[name])
        rows = _rows(data.model_copy(update=chosen), labelled) if is_open else []
        if rows:
            st.dataframe(rows, hide_index=True, height=min(38 + 35 * len(rows), 180))
    return chosen


def _named(columns: Sequence[str], usual: str, option: str) -> str:
    return "Found by itself" if option == usual and option not in columns else option


@kept(max_entries=32)
def _columns(data: DataConfig, labelled: bool) -> tuple[list[str], bool]:
    """Return a file's columns, and whether it leaves open which are meant; none where it cannot be read at all."""
    try:
        return list(glance(data, labelled).columns), False
    except Undecided as error:
        return list(error.columns), True
    except DataError:
        return [], False


@kept(max_entries=32)
def _rows(data: DataConfig, labelled: bool) -> list[dict[str, str]]:
    """Return the first rows: review and label as understood, or every column where that is still open."""
    try:
        found = glance(data, labelled)
    except Undecided as error:
        return [
            dict(zip(map(literal, error.columns), (field[:LONGEST_CELL] for field in row), strict=False))
            for row in error.rows
        ]
    except DataError:
        return []
    if found.label_column is None:
        return [{"Review": row.text} for row in found.preview]
    return [{"Review": row.text, "Label": row.label or "–"} for row in found.preview]
