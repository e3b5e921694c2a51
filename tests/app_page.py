"""A page of the app without a browser, as its address opens it."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[1]


def open_app(name: str, /, **query: str) -> AppTest:
    """Return the page `name` as it is drawn for an address that says `query`."""
    app = AppTest.from_file(str(ROOT / "ui/shell.py"), default_timeout=60)
    app.query_params.update(query)
    app.switch_page(str(ROOT / f"pages/{name}.py"))
    return app.run()
