"""Clipping rules, one module each: whichever defines `RULE` is registered. Importing this needs no torch."""

from importlib import import_module
from pkgutil import iter_modules

from sentiment_core.clipping.none import RULE as NONE
from sentiment_core.clipping.norm import RULE as NORM
from sentiment_core.clipping.rule import ClippingRule

__all__ = ["NONE", "NORM", "RULES", "ClippingRule"]

_modules = (import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__))
RULES: dict[str, ClippingRule] = {module.RULE.name: module.RULE for module in _modules if hasattr(module, "RULE")}
