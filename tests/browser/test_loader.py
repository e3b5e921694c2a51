"""Streamlit's way of calling a component, with what is drawn shared between the calls on one element."""

from __future__ import annotations

import pytest

from ui.kit.components.loader import LOADER

pytestmark = pytest.mark.browser

# A component that shares one view an element, as ours do, and Streamlit, which does not wait for a call to end before
# the next, and takes back at once what an overtaken one returns.
CALLED = """async ([loader, steps]) => {
  const blob = (code) => URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
  const module = blob(`
    const views = new WeakMap();
    export default ({ parentElement, data }) => {
      let view = views.get(parentElement);
      if (!view) { view = document.createElement('b'); views.set(parentElement, view); parentElement.append(view); }
      view.textContent = data.text;
      return () => { view.remove(); views.delete(parentElement); };
    };`);
  const { default: load } = await import(blob(loader));
  const parentElement = document.createElement('div');
  document.body.append(parentElement);
  const draw = (text) => load({ parentElement, data: { module, text } });
  const shown = [];
  for (const step of steps) {
    if (step === 'remove') parentElement.remove();
    const calls = step === 'remove' ? [] : step.map(draw);
    // Only the last call of a step was not overtaken.
    for (const [place, call] of calls.entries()) {
      const end = await call;
      if (place < calls.length - 1) end?.();
      else shown.end = end;
    }
    if (step === 'remove') shown.end();
    shown.push(parentElement.textContent);
  }
  return [...shown];
}"""


@pytest.mark.parametrize(
    ("steps", "shown"),
    [
        ([["a"]], ["a"]),
        ([["a"], ["b"]], ["a", "b"]),
        ([["a", "b"]], ["b"]),
        ([["a", "b", "c"], ["d", "e"]], ["c", "e"]),
        ([["a", "b"], "remove"], ["b", ""]),
    ],
    ids=str,
)
def test_what_the_last_call_drew_stays_until_its_element_goes(assets, steps, shown) -> None:
    assert assets.evaluate(CALLED, [LOADER, steps]) == shown
