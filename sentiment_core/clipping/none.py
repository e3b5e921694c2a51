"""No clipping."""

from sentiment_core.clipping.rule import ClippingRule

RULE = ClippingRule("none", "None", "no clipping", "left alone")
