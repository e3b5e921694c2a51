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
    // Plotly counts in pixels: it follows who enlarged the letters of the page.
    scale: parseFloat(getComputedStyle(document.documentElement).fontSize) / 16,
  };
}

// A figure with letters, margins, lines and marks `scale` times as large.
export function enlarged({ traces, layout }, scale) {
  if (scale === 1) return { traces, layout };
  const sizes = new Set(["size", "l", "r", "t", "b", "standoff", "yshift", "borderpad"]);
  const grown = (value, name) => {
    if (sizes.has(name) && typeof value === "number") return value * scale;
    if (name === "text" && typeof value === "string") return value.replace(/font-size:([\d.]+)px/g, (_, size) => `font-size:${size * scale}px`);
    if (Array.isArray(value)) return value.map((each) => grown(each));
    if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, grown(each, key)]));
    return value;
  };
  const thicker = ({ line, marker, ...trace }) => ({
    ...trace, ...(line && { line: { ...line, width: line.width * scale } }), ...(marker && { marker: { ...marker, size: marker.size * scale } }),
  });
  return { traces: traces.map(thicker), layout: grown(layout) };
}

// A theme colour (#rgb or #rrggbb) at an opacity; other notations pass through.
export function mix(colour, opacity) {
  const hex = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(colour)?.[1];
  if (!hex) return colour;
  const pairs = hex.length === 3 ? [...hex].map((c) => c + c) : hex.match(/../g);
  return `rgba(${pairs.map((pair) => parseInt(pair, 16)).join(",")},${opacity})`;
}
