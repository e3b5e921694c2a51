"""The style sheet of an exported explanation: the heatmap's colours, light and dark."""

from sentiment_core.colours import style

STYLE = (
    style()
    + """
:root { color-scheme: light dark; --ink: #1d2733; --paper: #ffffff; --line: #dde3ea; --soft: #5b6673; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8edf3; --paper: #12161c; --line: #323b47; --soft: #9aa7b5; } }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem; font: 1rem/1.5 system-ui, sans-serif; color: var(--ink);
  background: var(--paper); }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2rem; } h3 { font-size: 1rem; margin-bottom: 0; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.9; border: 1px solid var(--line);
  border-radius: .5rem; padding: .75rem 1rem; margin-top: .25rem; }
.text span { border-radius: .2rem; }
.w, .up, .down { background: color-mix(in oklab, var(--ground) calc(100% * var(--s, .6)), transparent); }
.w { --ground: var(--lab-attention-ground); }
.up { --ground: var(--lab-positive-ground); --mark: var(--lab-positive); }
.down { --ground: var(--lab-negative-ground); --mark: var(--lab-negative); }
.up { text-decoration: underline color-mix(in oklab, var(--mark) calc(100% * var(--s, 1)), transparent) 2px; }
.down { text-decoration: underline dotted color-mix(in oklab, var(--mark) calc(100% * var(--s, 1)), transparent) 2px; }
s, i { color: var(--soft); } i { font-style: normal; opacity: .7; }
.note { color: var(--soft); font-size: .85rem; margin: .25rem 0; }
.note span { color: var(--ink); }
.ramp { display: inline-block; width: 8rem; height: .7rem; border-radius: .2rem; vertical-align: middle;
  background: linear-gradient(to right, transparent, var(--lab-attention-ground)); }
.ramp.signed { background: linear-gradient(to right, var(--lab-negative-ground), transparent,
  var(--lab-positive-ground)); }
details { margin-top: .75rem; overflow-x: auto; } summary { cursor: pointer; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .85rem; }
th, td { border-bottom: 1px solid var(--line); padding: .15rem .75rem; text-align: right; }
th:nth-child(2), td:nth-child(2) { text-align: start; white-space: pre-wrap; overflow-wrap: anywhere; }
"""
)
