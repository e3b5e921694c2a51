"""Clipping rules, one module each, registered in `RULES`. Importing this needs no torch."""

from sentiment_core.clipping.none import NONE
from sentiment_core.clipping.norm import NORM
from sentiment_core.clipping.rule import ClippingRule
from sentiment_core.clipping.value import VALUE

__all__ = ["NONE", "NORM", "RULES", "ClippingRule"]

RULES: dict[str, ClippingRule] = {rule.name: rule for rule in (NONE, NORM, VALUE)}
