"""A real server on a home of its own and a real Chromium in front of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.app_server import CHROMIUM, FLAGS, AppServer


def end_workers(home: Path) -> None:
    """End the workers that this home's store knows; they outlive their server on purpose."""
    from sentiment_core.executors.local import LocalExecutor
    from sentiment_core.store import Store

    with Store(f"sqlite:///{home / 'store.sqlite3'}") as store:
        executor = LocalExecutor(store, max_running=1)
        for experiment in store.active_experiments():
            executor.terminate(experiment.id, grace=2.0)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[AppServer]:
    running = AppServer(tmp_path)
    running.start()
    yield running
    running.stop()
    end_workers(tmp_path)


@pytest.fixture(scope="session")
def chromium() -> Iterator[object]:
    if not CHROMIUM:
        pytest.skip("no Chromium: install it, or name its executable in $CHROMIUM")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium) -> Iterator[object]:
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    context.set_default_timeout(30_000)
    opened = context.new_page()
    opened.faults = []
    opened.on("pageerror", lambda error: opened.faults.append(str(error)))
    yield opened
    context.close()
    assert opened.faults == []
