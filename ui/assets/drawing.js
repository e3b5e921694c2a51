// The plotting library, loaded once for all figures of a page, and the colours of its theme.

let library = null;

export function loadPlotly(url) {
  library ??= new Promise((resolve, reject) => {
    if (window.Plotly) return resolve(window.Plotly);
    const script = document.createElement("script");
    script.src = url;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => {
      library = null;
      reject(new Error("The plotting library did not load. Reload the page."));
    };
    document.head.append(script);
  });
  return library;
}

// How figures look inside `node`, from the theme's variables.
export function lookOf(node) {
  const style = getComputedStyle(node);
  const variable = (name, fallback) => style.getPropertyValue(`--st-${name}`).trim() || fallback;
  const text = variable("text-color", "#0b1320");
  return {
    text, font: variable("font", "sans-serif"), background: variable("background-color", "#fff"),
    panel: variable("secondary-background-color", "#f3f5f8"), border: variable("border-color", "#ccd"),
    muted: mix(text, 0.68), grid: mix(text, 0.1),
  };
}

// A theme colour (#rgb or #rrggbb) at an opacity; other notations pass through.
export function mix(colour, opacity) {
  const hex = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(colour)?.[1];
  if (!hex) return colour;
  const pairs = hex.length === 3 ? [...hex].map((c) => c + c) : hex.match(/../g);
  return `rgba(${pairs.map((pair) => parseInt(pair, 16)).join(",")},${opacity})`;
}
