"""Pages opened without a browser, on a home of their own, with experiments written straight into the store."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from sentiment_core.classroom.people import Person
from sentiment_core.classroom.settings import class_settings, set_up
from sentiment_core.config import ExperimentConfig
from sentiment_core.data_view import tokenized
from sentiment_core.datasets import Reviews
from sentiment_core.metrics import Evaluation, Status
from sentiment_core.presets import vary_clipping
from sentiment_core.progress import Progress
from sentiment_core.settings import Tokenizer
from sentiment_core.steps.quantities import StepMetrics
from sentiment_core.store import Experiment, Room, Store, Worker
from sentiment_core.work.desk import Job
from sentiment_core.work.executors.local import LocalExecutor
from sentiment_core.work.kinds import Kind
from sentiment_core.work.training import run_experiment
from sentiment_core.work.worker import StopSignal
from tests.app_page import open_app
from ui.server import visitor
from ui.server.backend import desk, executor
from ui.server.tickets import COOKIE, issue


@pytest.fixture(scope="session", autouse=True)
def reviews_are_split_once() -> Iterator[None]:
    """Each test has an empty home, in which the Data page would find the words of the same demo reviews again."""
    split, found = tokenized._read, {}

    def once(reviews: Reviews, tokenizer: Tokenizer, progress: Progress) -> tokenized.TokenizedReviews:
        question = reviews.fingerprint(), tokenizer
        if question not in found:
            found[question] = split(reviews, tokenizer, progress)
        return found[question]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tokenized, "_read", once)
        yield


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("SENTIMENT_HOME", str(tmp_path))
    monkeypatch.delenv("SENTIMENT_STORE_URL", raising=False)
    return Store()


@pytest.fixture
def open_page(lab: Store) -> Callable[..., AppTest]:
    return open_app


@pytest.fixture
def worked_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """An experiment that a page starts is trained at once and in this process, to its end."""

    def train(executor: LocalExecutor, work_id: str) -> None:
        store, worker = Store(), Worker.of()
        store.claim_experiment(work_id, worker, threads=1)
        assert run_experiment(store, work_id, StopSignal(), worker).status is Status.FINISHED
        store.close()

    monkeypatch.setattr(LocalExecutor, "submit", train)


@pytest.fixture
def access(lab: Store, hashed_soon: None) -> str:
    """Class mode, on; the lecturer's access code."""
    return set_up()[1]


@pytest.fixture
def room(lab: Store, access: str) -> Room:
    return lab.open_room("Monday's course")


@pytest.fixture
def become(monkeypatch: pytest.MonkeyPatch) -> Callable[[Person | None], None]:
    """`become(person)`: from now on the browser's cookie is that person's."""

    def became(person: Person | None) -> None:
        settings = class_settings()
        assert settings is not None
        cookies = {} if person is None else {COOKIE: issue(person, settings)}
        monkeypatch.setattr(visitor, "browsers_cookies", lambda: cookies)

    return became


def twin_of(store: Store, person: Person, status: Status = Status.FINISHED):
    acting = store.acting_for(person)
    experiment = acting.create_experiment(ExperimentConfig(name=f"of {person.name}"))
    store.update_run(experiment.runs[0].id, steps=3)
    store.set_status(experiment.id, status)
    return store.experiment(experiment.id)


def finished_twin(store: Store, steps: int = 30, status: Status = Status.FINISHED) -> Experiment:
    """Write a twin experiment as a worker would have, with one step that blew up."""
    experiment = store.create_experiment(vary_clipping(ExperimentConfig(name="Twin")))
    for run in experiment.runs:
        rows = [step_metrics(step, math.nan if step == 7 else 0.7 - step / 100) for step in range(1, steps + 1)]
        store.write_steps({run.id: rows})
        store.write_evaluations(run.id, [Evaluation(steps, 1, "validation", 0.5, 0.75)])
        store.update_run(run.id, steps=steps, seconds=3.0, tokens=9000, parameters=23169, test_accuracy=0.74)
    store.set_status(experiment.id, status)
    return store.experiment(experiment.id)


def step_metrics(step: int, loss: float) -> StepMetrics:
    return StepMetrics(step, 1, loss, 0.6, 1e-3, 2.0, 1.0, 0.5, 1.0, 1.0, 300, 0.1 * step)


def texts(elements: Any) -> str:
    return "\n".join(str(element.value) for element in elements)


def key_of(page: AppTest, name: str) -> str:
    """Return the key of a form's widget as it stands: loading something makes the widgets anew."""
    return f"{name}@{page.session_state['form:generation']}"


def button(page: AppTest, label: str) -> Any:
    return next(item for item in page.button if item.label == label)


def answered(kind: Kind[Any, Any], arguments: Any) -> Job[Any]:
    """Wait until a calculation that was asked for has ended; there is no server here that looks after it."""
    deadline = time.monotonic() + 60
    while (job := desk().look(kind, arguments)).active:
        assert time.monotonic() < deadline, job
        executor().reconcile()
        time.sleep(0.05)
    return job
