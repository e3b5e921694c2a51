"""What students may have: the lecturer changes it for everybody, a student reads it."""

from __future__ import annotations

import streamlit as st

from sentiment_core.classroom.settings import LIMITS, Limits, class_settings
from ui.kit.notices import errors_shown
from ui.server.backend import store

OF = {"person": "Each student", "all": "All together", "training": "One training", "upload": "What is brought"}


def limits_form() -> None:
    """Draw the limits in force, for the lecturer to change; what is changed holds in every room, and at once."""
    settings, granted = class_settings(), store().class_limits()
    if settings is None or granted is None:
        return
    given = settings.limits
    changed = [name for name in LIMITS if granted.value(name) != given.value(name)]
    with st.popover(f"Limits: {len(changed)} changed" if changed else "Limits", icon=":material/speed:"):
        st.caption(
            "For every room, from now on; you have none. What holds beside them for everybody: the places for work,"
            f" files of {st.get_option('server.maxUploadSize')} MB, and what fits into memory."
        )
        # Another form once something else is in force.
        with st.form(f"room:limits:{granted}", border=False):
            wanted: dict[str, int] = {}
            with st.container(height=340, border=False):
                for table, title in OF.items():
                    st.markdown(f"**{title}**")
                    own = [name for name in LIMITS if name.startswith(f"{table}.")]
                    wanted |= {name: _number(name, granted, given) for name in own}
            asked = st.form_submit_button("Keep", type="primary", icon=":material/check:")
        if asked:
            with errors_shown():
                # What equals the file's goes on following the file.
                store().change_limits(
                    {name: None if value == given.value(name) else value for name, value in wanted.items()}
                )
                st.rerun()
        if changed and st.button("All as in the settings file", icon=":material/undo:"):
            with errors_shown():
                store().change_limits(dict.fromkeys(LIMITS))
                st.rerun()


def limits_shown(granted: Limits) -> None:
    """Draw what a student may have, folded."""
    with st.expander("What you may have", icon=":material/speed:"):
        for table, title in OF.items():
            rows = [f"{_title(name)}: **{granted.value(name):,}**" for name in LIMITS if name.startswith(f"{table}.")]
            st.markdown("\n- ".join([f"{title}\n", *rows]))


def _number(name: str, granted: Limits, given: Limits) -> int:
    value = granted.value(name)
    was = "" if value == given.value(name) else f" (settings file: {given.value(name):,})"
    return st.number_input(f"{_title(name)}{was}", 1, None, value, help=f"`{name}`", key=f"room:limit:{name}:{value}")


def _title(name: str) -> str:
    said = str(LIMITS[name].description)
    return f"{said[0].upper()}{said[1:]}"
