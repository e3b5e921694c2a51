"""A real server on a home of its own and a real Chromium in front of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.app_server import CHROMIUM, FLAGS, ROOT, AppServer, launch
from tests.forks import Forks

ASSETS = ROOT / "ui/assets"


def end_workers(home: Path) -> None:
    """End the workers that this home's store knows; they outlive their server on purpose."""
    from sentiment_core.store import Store
    from sentiment_core.work.executors.local import LocalExecutor

    with Store(f"sqlite:///{home / 'store.sqlite3'}") as store:
        executor = LocalExecutor(store, max_running=1)
        for work in store.active_work():
            executor.terminate(work.id, grace=2.0)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, forks: Forks | None) -> Iterator[AppServer]:
    with _running(tmp_path_factory.mktemp("home"), forks) as server:
        yield server


@pytest.fixture
def server(shared: AppServer) -> Iterator[AppServer]:
    """The server of all tests of a file; what one of them has started ends with it, what it has trained stays."""
    yield shared
    end_workers(shared.home)


@pytest.fixture
def fresh_server(tmp_path: Path, forks: Forks | None) -> Iterator[AppServer]:
    """A server that nobody has visited yet, on an empty home; a test may stop and start it."""
    with _running(tmp_path, forks) as server:
        yield server


@contextmanager
def _running(home: Path, forks: Forks | None) -> Iterator[AppServer]:
    with AppServer(home, launch if forks is None else forks.start_server) as server:
        yield server
    end_workers(home)


@pytest.fixture(scope="session")
def chromium() -> Iterator[object]:
    if not CHROMIUM:
        pytest.skip("no Chromium: install it, or name its executable in $CHROMIUM")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def assets(page) -> object:
    """A page that can import the scripts of `ui/assets`, without a server."""

    def serve(route):
        name = route.request.url.rsplit("/", 1)[1]
        if name:
            route.fulfill(path=ASSETS / name)
        else:
            route.fulfill(body="<!doctype html>", content_type="text/html")

    page.route("http://lab.test/**", serve)
    page.goto("http://lab.test/")
    return page


def forbidden(said: str) -> list[str]:
    """What a page wanted and its policy refused; that another site may not frame it is what a test wants to see."""
    return [said] if "Content Security Policy" in said and "frame-ancestors" not in said else []


@pytest.fixture
def page(chromium) -> Iterator[object]:
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    context.set_default_timeout(30_000)
    opened = context.new_page()
    opened.faults = []
    opened.on("pageerror", lambda error: opened.faults.append(str(error)))
    opened.on("console", lambda message: opened.faults.extend(forbidden(message.text)))
    yield opened
    context.close()
    assert opened.faults == []
