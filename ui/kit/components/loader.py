"""How our components reach the browser: a few inline lines that import the module this server serves."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ui.server.api import ASSETS, asset_url

# Inline scripts travel with every rerun, so only this does; the modules are fetched once and kept by the browser.
#
# Streamlit calls again when data change, and takes back at once what a call returns that was overtaken meanwhile. All
# calls on one element share what is drawn there, so an overtaken one must neither draw nor end it.
LOADER = """
const calls = new WeakMap();

export default async function (component) {
  const element = component.parentElement;
  const call = (calls.get(element) ?? 0) + 1;
  const isLast = () => calls.get(element) === call;
  calls.set(element, call);
  const module = await import(new URL(component.data.module, document.baseURI));
  if (!isLast()) return undefined;
  const end = module.default(component);
  return () => { if (isLast() || !element.isConnected) end?.(); };
}
"""


def declare(name: str, *shared: str) -> Any:
    """Return the component drawn by `ui/assets/NAME.js` with the styles of `NAME.css` and of what it shares."""
    css = "".join((ASSETS / f"{each}.css").read_text(encoding="utf-8") for each in (*shared, name))
    return st.components.v2.component(f"sentiment_lab.{name}", js=LOADER, css=css, isolate_styles=False)


def module_url(name: str) -> str:
    """Return what `data["module"]` of the component `name` must be."""
    return asset_url(f"{name}.js")
