"""More than a hundred hostile texts in every place where somebody's text is kept: a real Chromium runs none of them.

The pages' policy, which would stop what had got in, is taken away for this: nothing may get in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from playwright.sync_api import expect

from sentiment_core.classroom.people import LECTURER
from sentiment_core.classroom.settings import class_settings, set_up
from sentiment_core.config import ExperimentConfig, RunConfig
from sentiment_core.errors import ConfigError
from sentiment_core.export import report_html
from sentiment_core.metrics import Status
from sentiment_core.store import Experiment, Store
from tests.browser.shared import go
from tests.hostile import PAYLOADS
from tests.pages.conftest import step_metrics
from ui.server.tickets import COOKIE, issue

pytestmark = pytest.mark.browser


def test_no_text_runs_a_script(fresh_server, chromium, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert len(PAYLOADS) >= 100
    monkeypatch.setenv("SENTIMENT_HOME", str(fresh_server.home))
    set_up()
    context = chromium.new_context(viewport={"width": 1280, "height": 720}, bypass_csp=True)
    context.set_default_timeout(30_000)
    hits: list[str] = []
    context.expose_function("hit", lambda: hits.append(page.url))
    context.on("request", lambda request: hits.append(request.url) if "evil.test" in request.url else None)
    context.on("dialog", lambda dialog: hits.append(dialog.message))
    settings = class_settings()
    assert settings is not None
    context.add_cookies([{"name": COOKIE, "value": issue(LECTURER, settings), "url": fresh_server.url}])
    page = context.new_page()
    with Store() as store:
        made, room = stored(store)
        page.goto(fresh_server.url)
        page.get_by_text("Latest experiments").wait_for()
        # Half of what is drawn is drawn on a canvas; of the rest, a text is there as it is.
        expect(page.get_by_text(made[-1].name[:39], exact=False).first).to_be_visible()
        for each in made:
            go(page, f"/train?experiment={each.id}")
        runs = [run.id for each in made for run in each.runs]
        for some in batched(runs, 50):
            go(page, f"/runs?{urlencode({'runs': ','.join(some)})}")
        go(page, f"/room?code={room}")
        page.get_by_text("Joined:").wait_for()
        go(page, f"/runs?filter={quote(' '.join(PAYLOADS[:6]))}&group={quote(PAYLOADS[0])}")
        go(
            page,
            f"/train?{urlencode({'model.cell': PAYLOADS[8], 'data.text_column': PAYLOADS[9], 'name': PAYLOADS[10]})}",
        )
        go(page, f"/explain?{urlencode({'text': ' '.join(PAYLOADS)})}")
        page.locator(".hm-text").first.wait_for()
        uploaded(page)
        # What is taken along is opened without the app.
        for some in batched(made, 4):
            (tmp_path / "report.html").write_bytes(report_html(store, [run for each in some for run in each.runs]))
            page.goto(f"file://{tmp_path / 'report.html'}")
    page.goto(f"{fresh_server.url}/join")
    assert hits == []
    page.evaluate("document.body.innerHTML = '<img src=x onerror=hit()>'")
    page.wait_for_timeout(200)
    assert len(hits) == 1, "or this test would test nothing"
    context.close()


def batched(items: Sequence, size: int) -> Iterator[tuple]:
    for start in range(0, len(items), size):
        yield tuple(items[start : start + size])


def stored(store: Store) -> tuple[Sequence[Experiment], str]:
    """Keep every text as the name of a run, of an experiment or a person where it can be one, and of a room."""
    made = []
    for some in batched(PAYLOADS, 12):
        runs = tuple(RunConfig(name=text[:80]) for text in some)
        config = ExperimentConfig(name=" ".join(some)[:120], runs=runs)
        experiment = store.create_experiment(config, prediction=" ".join(some))
        for run in experiment.runs:
            store.write_steps({run.id: [step_metrics(step, 0.7 - step / 100) for step in range(1, 4)]})
            store.update_run(run.id, steps=3, error=run.name)
        store.set_status(experiment.id, Status.FAILED, " ".join(some))
        made.append(experiment)
    rooms = [store.open_room(text[:60]) for text in PAYLOADS]
    for text in PAYLOADS:
        with suppress(ConfigError):  # too long, or much like another
            store.join(rooms[-1].code, text)
    assert len(store.members(rooms[-1].code)) > 30
    return made, rooms[-1].code


def uploaded(page) -> None:
    """Bring files whose names, columns, labels and texts are hostile."""
    go(page, "/data?source=csv")
    for labels, shown in (((PAYLOADS[8], "good"), "stAlert"), (("negative", "positive"), "stDataFrame")):
        header = ",".join(map(quoted, ("text", "label", *PAYLOADS)))
        rows = [f"{quoted(text)},{quoted(label)}" + "," * len(PAYLOADS) for text in PAYLOADS for label in labels]
        content = "\n".join([header, *rows]).encode()
        file = {"name": f"{PAYLOADS[8]}.csv", "mimeType": "text/csv", "buffer": content}
        page.locator("input[type=file]").first.set_input_files(file)
        page.get_by_test_id(shown).first.wait_for()
        go(page, f"/data?{urlencode({'source': 'csv', 'tab': 'reviews', 'file': file_of(page)})}")


def file_of(page) -> str:
    page.wait_for_url("**file=*")
    return parse_qs(urlsplit(page.url).query)["file"][0]


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
