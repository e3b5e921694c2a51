"""Numbers about activations and gradients that every look inside shares."""

from __future__ import annotations

import numpy as np

from sentiment_core.steps.rules import SATURATED

# What one look at a review shows at most, in words and in padding behind it.
MOST_TOKENS, MOST_PADDING = 250, 250


def saturated_share(activations: np.ndarray) -> float:
    """Return the share of tanh outputs (any shape) with |a| > 0.97; NaN of none."""
    return float(np.mean(np.abs(activations) > SATURATED)) if activations.size else float("nan")


def norms(gradients: np.ndarray) -> np.ndarray:
    """Return the L2 norms `(...)` of vectors `(..., H)`, summed in float64 so that tiny ones do not become zero."""
    return np.asarray(np.sqrt(np.square(gradients.astype(np.float64)).sum(axis=-1)))


def histograms(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return for each row of `values (T, N)` the share of its N values in each bin of `edges (K + 1,)`: `(T, K)`.

    What lies beyond the outer edges counts in the outer bins; what is not finite counts nowhere.
    """
    counts = [np.histogram(np.clip(row[np.isfinite(row)], edges[0], edges[-1]), edges)[0] for row in values]
    shares: np.ndarray = np.asarray(counts, dtype=np.float64) / max(values.shape[1], 1)
    return shares
