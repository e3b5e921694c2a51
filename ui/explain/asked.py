"""Which model is asked about which reviews: the choices that the views over many reviews share."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from sentiment_core.explain import PRETRAINED, ModelInfo
from sentiment_core.sources import SOURCES
from ui.addresses import FILE
from ui.explain.state import GONE, model_title, usual_model
from ui.kit.address import Address
from ui.kit.uploads import reviews_file

OWN, DEMO = "own", "demo"
NOT_ITS_OWN = "What the pretrained model learned from does not come with it: demo reviews are used instead."


def adopt(address: Address, models: Mapping[str, ModelInfo]) -> list[str]:
    """Take over a link; return what could not be used."""
    problems = address.adopt() or []
    if address.value("model") not in models:
        problems += [GONE] if address.value("model") != PRETRAINED else []
        address.put(model=usual_model(models))
    if address.value("data") == OWN and address.value("model") == PRETRAINED:
        problems.append(NOT_ITS_OWN)
        address.put(data=DEMO)
    return problems


def choose_model(address: Address, models: Mapping[str, ModelInfo]) -> ModelInfo:
    """Draw the choice of the model; return it."""
    st.selectbox("Model", list(models), key=address.key("model"), format_func=lambda name: model_title(models[name]))
    return models[address.value("model")]


def choose_source(address: Address, called: Mapping[str, str]) -> None:
    """Draw the choice of the reviews, `called` so: a file that is chosen stands for the choice of one."""
    last, now = f"{address.prefix}:last-file", address.value("data")
    if now not in called or last not in st.session_state:
        st.session_state[last] = FILE if now in called else now
    offered = [*(name for name in called if name != FILE), st.session_state[last]]
    if address.value("model") == PRETRAINED:
        offered.remove(OWN)
    if now not in offered:
        # Another model has no reviews of its own; a link may ask for a file that is still to be chosen.
        address.put(data=st.session_state[last] if now == FILE else DEMO)
    st.selectbox("Reviews", offered, key=address.key("data"), format_func=lambda name: called.get(name, called[FILE]))


def chosen_reviews(address: Address, *, labelled: bool, shown: bool) -> tuple[str, dict[str, str]] | None:
    """Return `demo`, `own` or the path of a file, and how that is read; None until it has been.

    The upload of a file is drawn, and how it is read can be changed there.
    """
    data = address.value("data")
    if data in {DEMO, OWN}:
        return str(data), {}
    found = reviews_file(
        f"{address.prefix}:upload",
        None if data == FILE else data,
        lambda path: address.put(data=path.name),
        labelled=labelled,
        shown=shown,
    )
    if found is None or found.path is None:
        return None
    return found.path, {name: value for name, value in SOURCES[found.source].settings(found).items() if name != "path"}
