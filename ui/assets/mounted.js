// How a component keeps what it has drawn: one view for each element, shown again whenever data or theme change.

// `View` is built on an element, has `show(data)` and `close()`; `connect(view, component)` ties it to this call's
// component before it is shown.
export function mounted(View, connect = () => {}) {
  const views = new WeakMap();
  return (component) => {
    const { parentElement, data } = component;
    const view = views.get(parentElement) ?? new View(parentElement);
    views.set(parentElement, view);
    connect(view, component);
    view.show(data);
    return () => {
      view.close();
      views.delete(parentElement);
    };
  };
}
