"""Every page is clicked through, on an empty home and on a full one: no choice may end in a traceback.

Streamlit forgets what a widget says in a run that does not draw it, so each choice can hide a control that another part
of the page still asks about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from sentiment_core.artifacts import folder
from sentiment_core.config import from_fields
from sentiment_core.datasets import TEST, load_reviews
from sentiment_core.inside.normed import train_reader
from sentiment_core.metrics import Status
from sentiment_core.predictions import write_predictions
from sentiment_core.store import Store, Worker
from sentiment_core.work.training import run_experiment
from sentiment_core.work.worker import StopSignal
from tests.app_page import open_app
from tests.conftest import TINY
from tests.pages.conftest import finished_twin
from ui.kit.uploads import save_upload
from ui.labs.registry import LABS

REVIEW = "A lazy plot and a beautiful waste of two hours."
ROWS = "text,label\n" + "".join(f'"Review {n}, {"joy" if n % 2 else "woe"}",{n % 2}\n' for n in range(40))
UPLOAD = f"{blake2b(ROWS.encode(), digest_size=12).hexdigest()}.csv"
KINDS = (
    "button_group",
    "radio",
    "selectbox",
    "multiselect",
    "toggle",
    "checkbox",
    "slider",
    "number_input",
    "text_input",
)
# What a text field is given: found, not found, and back.
WORDS = ("zzz", "yyy", "Twin")


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home with a trained model, runs of every status, tested runs and an upload."""
    home = tmp_path_factory.mktemp("full")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SENTIMENT_HOME", str(home))
        with Store() as store:
            experiment = store.create_experiment(from_fields({**TINY, "training.epochs": 1, "name": "Trained"}))
            assert store.claim_experiment(experiment.id, Worker.of(), threads=1)
            run_experiment(store, experiment.id, StopSignal(), Worker.of())
            for status in (Status.FAILED, Status.STOPPED, Status.PAUSED, Status.FINISHED):
                twin = finished_twin(store, status=status)
            reviews = load_reviews(twin.config.data)
            tested = reviews.select(TEST)
            logits = np.random.default_rng(0).normal(0, 2, len(tested)).astype(np.float32)
            for run in twin.runs:
                write_predictions(folder("experiments", twin.id, run.id), tested, logits, reviews.labels[tested])
        assert save_upload("mine.csv", ROWS.encode()).name == UPLOAD
        yield home


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Return the opener of a page on which nothing trains for long and no job starts."""
    monkeypatch.setattr("sentiment_core.work.executors.local.LocalExecutor.submit", lambda _self, _name: None)
    monkeypatch.setattr("ui.labs.inside.batch_norm.train_reader", partial(train_reader, updates=3))
    return open_app


def controls(page: AppTest) -> list[tuple[str, str]]:
    """Return what can be set on the page, by kind and label."""
    return [(kind, item.label) for kind in KINDS for item in page.get(kind)]


def settings(item: Any) -> list[Any]:
    """Return what a control is set to, one after another, its present setting last."""
    if item.type in {"toggle", "checkbox"}:
        return [not item.value, item.value]
    if item.type == "text_input":
        return [*WORDS, item.value or ""]
    if item.type == "slider":
        return [item.min, item.max, item.value]
    if item.type == "number_input":
        return [item.value + item.step, item.value]
    if item.type == "multiselect":
        return [[], [item.options[place] for place in item.indices]]
    if item.type == "button_group" and not item._is_single_select:
        return [[], *([option] for option in item.options), list(item.formatted_values)]
    return [*item.options, *([] if item.value is None else [item.format_func(item.value)])]


def set_to(item: Any, setting: Any) -> AppTest:
    """Set a control, choices by the words on the page, and return the page as it is then drawn."""
    if hasattr(item, "options"):
        # AppTest takes the values behind the words; what a user clicks on are the words.
        item.__class__ = type("Clicked", (type(item),), {"format_func": property(lambda _item: str)})
    return item.set_value(setting).run()


def click_through(page: AppTest) -> int:
    """Set every control of a page to everything there is; return how many settings were seen."""
    seen = 0
    known: set[tuple[str, str]] = set()
    while fresh := [control for control in controls(page) if control not in known]:
        kind, label = fresh[0]
        known.add(fresh[0])
        first = next(item for item in page.get(kind) if item.label == label)
        if first.disabled:
            continue
        for setting in settings(first):
            item = next((item for item in page.get(kind) if item.label == label), None)
            if item is None or item.disabled:
                break
            page = set_to(item, setting)
            seen += 1
            assert not page.exception, f"{label} = {setting!r}: {page.exception[0].value}"
    return seen


EMPTY, FULL = "empty", "full"
# Labs that ask nothing of a store are alike in every home; the test looks whether they do.
ALIKE = {
    "tensors",
    "blanks",
    "loop",
    "gradient-through-time",
    "initialisation",
    "saturation",
    "batch-norm",
    "clipping-geometry",
}
PAGES: list[tuple[str, str, dict[str, str]]] = [
    (EMPTY, "home", {}),
    (EMPTY, "lessons", {}),
    (EMPTY, "runs", {}),
    (EMPTY, "explain", {}),
    (EMPTY, "explain", {"view": "file", "data": "csv"}),
    (EMPTY, "data", {"tab": "words", "source": "csv"}),
    *((EMPTY, "labs", {"lab": item.name}) for item in LABS),
    (FULL, "home", {}),
    (FULL, "train", {}),
    (FULL, "lessons", {"lesson": "clip-norm"}),
    (FULL, "lessons", {"lesson": "attention"}),
    (FULL, "runs", {"filter": "Twin", "cell": "fp"}),
    (FULL, "explain", {"text": REVIEW, "methods": "attention,gradient_x_input"}),
    (FULL, "explain", {"view": "file", "data": "csv"}),
    (FULL, "explain", {"view": "study", "data": "csv"}),
    (FULL, "data", {"tab": "words", "source": "csv", "file": UPLOAD}),
    (FULL, "labs", {}),
    *((FULL, "labs", {"lab": item.name}) for item in LABS if item.name not in ALIKE),
]


@pytest.mark.parametrize(
    ("kind_of_home", "name", "query"),
    PAGES,
    ids=["-".join([home, name, *query.values()]) for home, name, query in PAGES],
)
def test_no_choice_ends_in_a_traceback(kind_of_home, name, query, full, tmp_path, monkeypatch, opened):
    monkeypatch.setenv("SENTIMENT_HOME", str(full if kind_of_home == FULL else tmp_path / "nothing"))
    page = opened(name, **query)
    assert not page.exception
    seen = click_through(page)
    assert seen or name in {"home", "labs", "lessons", "runs"}
    if query.get("lab") in ALIKE:
        assert not (tmp_path / "nothing/store.sqlite3").exists()
