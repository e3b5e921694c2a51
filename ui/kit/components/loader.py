"""How our components reach the browser: a few inline lines that import the module this server serves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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


def declare(name: str, *shared: str, triggers: Sequence[str] = ()) -> Callable[..., Any]:
    """Return what draws `ui/assets/NAME.js` from a `key` and data, with the styles of `NAME.css` and of what it shares.

    What it returns has under each of `triggers` what the browser has just sent, which runs the page again.
    """
    css = "".join((ASSETS / f"{each}.css").read_text(encoding="utf-8") for each in (*shared, name))
    component: Any = st.components.v2.component(f"sentiment_lab.{name}", js=LOADER, css=css, isolate_styles=False)
    heard = {f"on_{trigger}_change": _ignore for trigger in triggers}

    def draw(*, key: str, data: Mapping[str, Any], **options: Any) -> Any:
        return component(key=key, data={"module": asset_url(f"{name}.js"), **data}, **heard, **options)

    return draw


def picked(answer: Any, sizes: Sequence[int]) -> tuple[int, int] | None:
    """Return the two places that the browser sent, the second below the one of `sizes` that the first names; else None.

    It may speak of what is no longer there.
    """
    if not isinstance(answer, list) or len(answer) != 2 or any(type(place) is not int for place in answer):
        return None
    first, second = answer
    return (first, second) if 0 <= first < len(sizes) and 0 <= second < sizes[first] else None


def _ignore() -> None:
    """Streamlit reruns the page after a trigger; there is nothing else to do."""
