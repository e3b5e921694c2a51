"""Explanation methods, one module each behind one interface. Importing this needs no torch.

`METHODS` names them; `METHODS[name].score(...)` scores the tokens of one encoded review, `attribute(...)` those of a
text. Every score refers to the target class: where a method is signed, positive speaks for it.
"""

from sentiment_core.explain.methods.base import BASELINES, DEFAULT_BASELINE, Method, Scored
from sentiment_core.explain.methods.registry import METHODS, attribute, method, named

__all__ = ["BASELINES", "DEFAULT_BASELINE", "METHODS", "Method", "Scored", "attribute", "method", "named"]
