"""How our components reach the browser: a few inline lines that import the module this server serves."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ui.server.api import ASSETS, asset_url

# Inline scripts travel with every rerun, so only this does; the modules are fetched once and kept by the browser.
LOADER = """
export default async function (component) {
  const module = await import(new URL(component.data.module, document.baseURI));
  return module.default(component);
}
"""


def declare(name: str, *shared: str) -> Any:
    """Return the component drawn by `ui/assets/NAME.js` with the styles of `NAME.css` and of what it shares."""
    css = "".join((ASSETS / f"{each}.css").read_text(encoding="utf-8") for each in (*shared, name))
    return st.components.v2.component(f"sentiment_lab.{name}", js=LOADER, css=css, isolate_styles=False)


def module_url(name: str) -> str:
    """Return what `data["module"]` of the component `name` must be."""
    return asset_url(f"{name}.js")
