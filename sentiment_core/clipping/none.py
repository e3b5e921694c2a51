"""No clipping."""

from sentiment_core.clipping.rule import ClippingRule

NONE = ClippingRule("none", "None", "no clipping", "left alone")
