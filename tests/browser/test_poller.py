"""The browser's side of a server that has too much to do: it waits as told, longer each time, and not in step."""

from __future__ import annotations

import pytest

# Answers as listed, waits only noted: one question follows the other at once.
POLL = """async (answers) => {
  const { Poller } = await import("/poller.js");
  const waits = [], told = [], asked = [];
  return new Promise((done) => {
    window.setTimeout = (ask, wait) => {
      waits.push(wait);
      if (answers.length) queueMicrotask(ask);
      else done({ waits, told, asked: asked.length, urls: asked.map(String) });
    };
    window.fetch = async (url) => {
      asked.push(url);
      const [status, body, headers] = answers.shift();
      return new Response(JSON.stringify(body), { status, headers });
    };
    const handlers = { after: () => "", receive: () => {}, trouble: (text) => told.push(text) };
    new Poller("/api/experiments/ab", handlers).wake();
  });
}"""


@pytest.mark.browser
def test_a_server_is_asked_as_often_as_it_has_news_and_later_and_later_when_it_is_busy(assets):
    busy = [503, {"error": "The server is busy."}, {"Retry-After": "3"}]
    found = assets.evaluate(POLL, [busy, busy, busy, [200, {"more": False, "finished": False}, {}]])
    first, second, third, usual = found["waits"]
    assert 3000 <= first <= 4500 and 3200 <= second <= 4800 and 6400 <= third <= 9600
    assert usual == 800
    # What is about to happen is looked for often, but not for ever: a worker may have died over it.
    quick = [200, {"asked": ["Pausing …"], "status": "running", "progress": {"step": 3}}, {}]
    begun = [200, {"asked": [], "status": "running", "progress": {"step": 0}}, {}]
    waits = assets.evaluate(POLL, [quick, begun, *[quick] * 100, [200, {"asked": [], "status": "queued"}, {}], quick])[
        "waits"
    ]
    assert waits[:2] == [150, 150] and waits[-3:] == [800, 800, 150]
    # One failure alone is not worth a word.
    assert found["told"] == ["The server is busy.", "The server is busy."]


@pytest.mark.browser
def test_only_the_first_question_asks_for_an_overview(assets):
    first, *others = assets.evaluate(POLL, [[200, {"more": True}, {}], [200, {"more": True}, {}], [200, {}, {}]])[
        "urls"
    ]
    assert "overview" in first and not any("overview" in url for url in others)


@pytest.mark.browser
def test_browsers_that_were_turned_away_together_come_back_apart(assets):
    busy = [503, {"error": "The server is busy."}, {"Retry-After": "3"}]
    waits = {assets.evaluate(POLL, [busy])["waits"][0] for _ in range(8)}
    assert len(waits) == 8
