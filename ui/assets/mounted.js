// How a component keeps what it has drawn: one view for each element, shown again whenever data or theme change.

// `View` is built on an element, has `show(data)` and `close()`; `connect(view, component)` ties it to this call's
// component before it is shown. What is to come `later`, in seconds, is not built before, nor if its page is gone by then.
export function mounted(View, connect = () => {}) {
  const views = new WeakMap(), first = new WeakMap(), timers = new WeakMap();
  return (component) => {
    const { parentElement, data } = component;
    const show = () => {
      const view = views.get(parentElement) ?? new View(parentElement);
      views.set(parentElement, view);
      connect(view, component);
      view.show(data);
    };
    if (!first.has(parentElement)) first.set(parentElement, performance.now());
    const left = first.get(parentElement) + 1000 * (data.later ?? 0) - performance.now();
    clearTimeout(timers.get(parentElement));
    if (left > 0) timers.set(parentElement, setTimeout(show, left));
    else show();
    return () => {
      clearTimeout(timers.get(parentElement));
      views.get(parentElement)?.close();
      views.delete(parentElement);
      first.delete(parentElement);
    };
  };
}
