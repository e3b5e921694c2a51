"""Starting experiments from pages: one that this machine cannot hold is refused before it waits for anything."""

from __future__ import annotations

import pytest

from sentiment_core.config import from_fields
from sentiment_core.errors import OutOfMemory
from sentiment_core.training import memory
from tests.pages.conftest import button, texts
from ui.kit.launch import start_experiments

LARGE = {"training.batch_size": "4096", "model.hidden_size": "1024"}


@pytest.fixture(autouse=True)
def two_gib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available_memory", lambda: 2 * 2**30)
    monkeypatch.setattr(memory, "may_have_gpu", lambda: False)


def test_train_says_what_it_would_take_and_offers_no_button(open_page, lab):
    page = open_page("train", **LARGE)
    assert "This training would take about" in texts(page.error)
    assert "2\\.1 GB are free\\. Lower the batch size" in texts(page.error)
    assert button(page, "Train").disabled


def test_train_says_nothing_where_memory_is_no_matter(open_page, lab, monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: 16 * 2**30)
    monkeypatch.setattr(memory, "worker_memory", lambda: 16 * 2**30)
    page = open_page("train")
    assert "memory" not in texts(page.caption) + texts(page.error)
    assert not button(page, "Train").disabled


def test_train_tells_what_a_large_training_will_take(open_page, lab):
    page = open_page("train", **{"training.batch_size": "512"})
    assert "This training will take about" in texts(page.caption) and not page.error
    assert not button(page, "Train").disabled


def test_what_lessons_and_labs_start_is_refused_alike(lab):
    with pytest.raises(OutOfMemory):
        start_experiments([from_fields({}), from_fields(LARGE)])
    assert lab.experiments() == []
