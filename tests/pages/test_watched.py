"""What a machine that watches the server is told: whether it works, and how much it does."""

from __future__ import annotations

import logging

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.testclient import TestClient

from sentiment_core.classroom.settings import set_up
from sentiment_core.errors import StoreUnavailableError
from sentiment_core.metrics import Status
from sentiment_core.store import Store, Worker, WorkProgress
from ui.server.api import routes
from ui.server.door import door
from ui.server.gate import gate
from ui.server.tally import CountProblems

from .conftest import finished_twin


@pytest.fixture
def client(lab: Store) -> TestClient:
    app = Starlette(routes=routes(), middleware=[gate(), door()])
    return TestClient(app, base_url="http://127.0.0.1:8501")


def read(client: TestClient) -> dict[str, float]:
    answer = client.get("/metrics")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/plain")
    return {
        sample.name + "".join(f"/{value}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_the_metrics_count_the_queue_the_rates_refreshes_and_problems(client: TestClient, lab: Store) -> None:
    finished = finished_twin(lab)
    running = finished_twin(lab, status=Status.RUNNING)
    worker = Worker.of()
    lab.set_worker(running.id, worker)
    lab.heartbeat(running.id, WorkProgress("training", "", tokens_per_second=1500.0), worker)
    lab.ask("short", "short-1", "{}", False, None, again=False)
    before = read(client)
    assert before["sentiment_lab_work/training/running"] == before["sentiment_lab_work/training/finished"] == 1
    assert before["sentiment_lab_work/calculation/queued"] == 1 and before["sentiment_lab_work/training/failed"] == 0
    assert before["sentiment_lab_updates_per_second"] == 20 and before["sentiment_lab_tokens_per_second"] == 1500
    client.get(f"/api/experiments/{finished.id}")
    client.get("/api/experiments/ffffffff")
    CountProblems().handle(logging.LogRecord("x", logging.ERROR, "", 1, "", (), None))
    after = read(client)
    for name, more in {
        "sentiment_lab_refresh_seconds_count": 2,
        "sentiment_lab_answers_total/200": 1,
        "sentiment_lab_answers_total/404": 1,
        "sentiment_lab_problems_total/error": 1,
    }.items():
        assert after[name] - before.get(name, 0) == more, name


def test_health_is_whether_the_store_can_be_read(
    client: TestClient, lab: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}

    def away(store: Store) -> None:
        raise StoreUnavailableError("postgresql://anna:secret@db is away")

    monkeypatch.setattr(Store, "counts", away)
    for path in ("/healthz", "/metrics"):
        answer = client.get(path)
        assert answer.status_code == 503 and "StoreUnavailableError" in answer.text and "secret" not in answer.text


def test_in_a_class_both_are_for_machines_and_say_numbers_alone(client: TestClient, lab: Store) -> None:
    set_up()
    room = lab.open_room("Tenet")
    lab.join(room.code, "Anna")
    finished_twin(lab)
    assert client.get("/api/experiments/ffffffff").status_code == 401
    assert client.get("/healthz").status_code == 200
    told = client.get("/metrics").text
    assert not [word for word in ("Anna", "Tenet", "Twin", room.code) if word in told]
