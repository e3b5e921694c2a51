"""What is written about the Python interface holds: the notebook runs, its pages are built from the docstrings."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import sentiment_core as lab
from docs import api, film
from sentiment_core.store import Store

NOTEBOOK = Path(api.__file__).with_name("python.ipynb")


def test_the_notebook_runs_from_top_to_bottom(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    assert all(cell.get("outputs", []) == [] for cell in cells), "what it prints is of the reader's machine"
    scope: dict[str, Any] = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), cell["id"], "exec"), scope)
    assert "finished" in capsys.readouterr().out and 0 < len(scope["wrong"]) < len(scope["answers"])
    assert set(scope["curves"]["run"]) == {"no clipping", "clip by norm 0.1"}
    with Store() as store:
        assert [item.name for item in store.experiments()] == ["From a notebook"]


def test_the_pages_hold_what_the_docstrings_say(tmp_path: Path) -> None:
    api.write(tmp_path)
    page = html.unescape(re.sub("<[^>]+>", "", (tmp_path / "sentiment_core.html").read_text()))
    words = " ".join(page.split())
    for name in lab.__all__:
        assert " ".join(getattr(lab, name).__doc__.split(".")[0].replace("`", "").split()) in words, name


def test_the_moving_picture_is_one_that_can_be_looked_at_on_the_way() -> None:
    path = film.IMAGES / film.NAME
    assert f"docs/images/{film.NAME}" in (film.IMAGES.parents[1] / "README.md").read_text()
    assert path.stat().st_size <= film.LARGEST
    with Image.open(path) as picture:
        # The first one and one for each move of a slider.
        assert picture.n_frames == 1 + sum(times for _, times, _ in film.MOVES)
