"""What looks into trained models is tried on the same drawn ones as what explains them."""

from __future__ import annotations

from tests.explain.conftest import make_predictor as make_predictor
