"""Pages while the store is locked or its server restarts: a sentence, and nothing asked for is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from sentiment_core.errors import StoreUnavailableError
from sentiment_core.metrics import Status
from sentiment_core.store.database import Database
from sentiment_core.work.executors.local import LocalExecutor

from .conftest import button, finished_twin, key_of, texts

SENTENCE = "The store cannot be used: database is locked. Another program holds the file; close it and try again."


@contextmanager
def away(monkeypatch: pytest.MonkeyPatch, *transactions: str) -> Iterator[None]:
    """Let the store refuse these kinds of transaction, as it does after having waited for a lock."""

    def refuse(*_: Any, **__: Any) -> Any:
        raise StoreUnavailableError(SENTENCE)

    with monkeypatch.context() as patch:
        for name in transactions:
            patch.setattr(Database, name, refuse)
        yield


def told(page: Any) -> bool:
    return SENTENCE in texts(page.error).replace("\\", "")


@pytest.mark.parametrize("name", ["home", "train", "lessons", "runs", "explain", "labs", "data"])
def test_no_page_breaks_while_the_store_is_away(open_page, lab, name, monkeypatch):
    experiment = finished_twin(lab)
    queries = {
        "train": {"experiment": experiment.id},
        "runs": {"runs": experiment.runs[0].id},
        "explain": {"models": experiment.runs[0].id},
    }
    with away(monkeypatch, "_read", "_write"):
        page = open_page(name, **queries.get(name, {}))
    assert not page.exception
    assert told(page) or not page.error
    assert not page.run().exception


def test_a_link_is_read_again_when_the_store_is_back(open_page, lab, monkeypatch):
    experiment = finished_twin(lab)
    with away(monkeypatch, "_read", "_write"):
        page = open_page("train", experiment=experiment.id)
        assert told(page)
    page.run()
    assert not page.error
    assert experiment.id in page.query_params["experiment"]
    assert not button(page, "Reset").disabled


def test_train_during_a_lock_keeps_the_form_and_works_afterwards(open_page, lab, monkeypatch):
    monkeypatch.setattr(LocalExecutor, "reconcile", lambda self: None)
    page = open_page("train")
    page.selectbox(key=key_of(page, "field:model.cell")).set_value("gru").run()
    with away(monkeypatch, "_write"):
        button(page, "Train").click().run()
        assert told(page) and not page.exception
        assert lab.experiments() == []
    button(page, "Train").click().run()
    assert not page.error
    (experiment,) = lab.experiments()
    assert experiment.config.model.cell == "gru"


def test_an_experiment_that_was_created_is_shown_although_it_cannot_start_yet(open_page, lab, monkeypatch):
    def locked(*_: Any) -> None:
        raise StoreUnavailableError(SENTENCE)

    monkeypatch.setattr(LocalExecutor, "reconcile", locked)
    page = open_page("train")
    button(page, "Train").click().run()
    (experiment,) = lab.experiments()
    assert not page.error
    assert experiment.id in page.query_params["experiment"]
    assert experiment.status is Status.QUEUED, "one click, one experiment, and it waits for its turn"


@pytest.mark.parametrize(("status", "label"), [(Status.RUNNING, "Pause"), (Status.INTERRUPTED, "Resume")])
def test_a_control_during_a_lock_says_so(open_page, lab, monkeypatch, status, label):
    monkeypatch.setattr(LocalExecutor, "reconcile", lambda self: None)
    experiment = finished_twin(lab, status=status)
    page = open_page("train", experiment=experiment.id)
    with away(monkeypatch, "_write"):
        button(page, label).click().run()
    assert told(page) and not page.exception
    assert lab.experiment(experiment.id).status is status
    page.run()
    assert not page.error and not button(page, label).disabled
