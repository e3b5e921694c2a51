"""A choice of what a page shows, side by side; it stands in the page's address."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import streamlit as st

from ui.kit.address import Address

Option = TypeVar("Option", bound=str)


def choice(
    address: Address,
    name: str,
    label: str,
    options: Mapping[Option, str],
    *,
    help: str | None = None,
    on_change: Callable[[], None] | None = None,
) -> Option:
    """Draw the options of a field, with what they are called in Markdown; return the chosen one.

    `label` is read aloud only. On a narrow screen the options wrap.
    """
    st.segmented_control(
        label,
        list(options),
        key=address.key(name),
        format_func=options.__getitem__,
        required=True,
        label_visibility="collapsed",
        help=help,
        on_change=on_change,
        width="content",
        wrap=True,
    )
    chosen: Option = address.value(name)
    return chosen
