"""Logistic regression with an elastic-net penalty, solved to its optimum in a second where SGD and SAGA take minutes.

Newton steps whose quadratic problems scikit-learn's coordinate descent solves (Friedman, Hastie & Tibshirani 2010,
*Regularization Paths for Generalized Linear Models via Coordinate Descent*, section 3).
"""

from __future__ import annotations

import warnings
from typing import Self

import numpy as np
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import ElasticNet

# Below it, the weight of a review in the quadratic problem is taken for this: its answer is certain.
LEAST_WEIGHT = 1e-5
HALVINGS = 30


class ElasticNetLogistic(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Minimises mean log-loss + `alpha` · (`l1_ratio` · ‖w‖₁ + (1 − `l1_ratio`) / 2 · ‖w‖₂²), Zou & Hastie's penalty.

    It has converged when a step lowers that by less than `tol`; a `ConvergenceWarning` says when it has not.
    """

    def __init__(self, alpha: float = 1e-3, l1_ratio: float = 0.15, tol: float = 1e-9, max_iter: int = 100) -> None:
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.tol = tol
        self.max_iter = max_iter

    def fit(self, features: np.ndarray, labels: np.ndarray) -> Self:
        """Learn `coef_` (1, F) and `intercept_` (1,) from dense features (N, F) and labels (N,), both 0 and 1."""
        features = np.asarray(features, dtype=np.float64)
        truth = np.asarray(labels, dtype=np.float64)
        self.classes_ = np.array([0, 1])
        weights, bias = np.zeros(features.shape[1]), 0.0
        reached = self._objective(features, truth, weights, bias)
        for _ in range(self.max_iter):
            towards, its_bias = self._newton(features, truth, weights, bias)
            before = reached
            weights, bias, reached = self._descend(features, truth, weights, bias, towards, its_bias, before)
            if before - reached < self.tol:
                break
        else:
            warnings.warn("the elastic net has not converged", ConvergenceWarning, stacklevel=2)
        self.coef_, self.intercept_ = weights[None, :], np.array([bias])
        return self

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Return the more probable label of each row, (N,)."""
        labels: np.ndarray = (features @ self.coef_[0] + self.intercept_[0] >= 0).astype(np.int64)
        return labels

    def _newton(
        self, features: np.ndarray, truth: np.ndarray, weights: np.ndarray, bias: float
    ) -> tuple[np.ndarray, float]:
        """Return the minimum of the quadratic approximation at `weights`: a weighted least-squares elastic net."""
        logits = features @ weights + bias
        said = expit(logits)
        curvature = np.maximum(said * (1 - said), LEAST_WEIGHT)
        # scikit-learn scales sample weights to mean 1, which scales the penalty.
        solver = ElasticNet(
            alpha=self.alpha / curvature.mean(), l1_ratio=self.l1_ratio, precompute=True, tol=1e-8, max_iter=10_000
        )
        solver.fit(features, logits + (truth - said) / curvature, sample_weight=curvature)
        return solver.coef_, float(solver.intercept_)

    def _descend(
        self,
        features: np.ndarray,
        truth: np.ndarray,
        weights: np.ndarray,
        bias: float,
        towards: np.ndarray,
        its_bias: float,
        best: float,
    ) -> tuple[np.ndarray, float, float]:
        """Return the first point on the way to the Newton step that is no worse, halving the way, and its objective."""
        share = 1.0
        for _ in range(HALVINGS):
            candidate, its_own = weights + share * (towards - weights), bias + share * (its_bias - bias)
            objective = self._objective(features, truth, candidate, its_own)
            if objective <= best:
                return candidate, its_own, objective
            share /= 2
        return weights, bias, best

    def _objective(self, features: np.ndarray, truth: np.ndarray, weights: np.ndarray, bias: float) -> float:
        logits = features @ weights + bias
        loss = np.logaddexp(0.0, logits) - truth * logits
        penalty = self.l1_ratio * np.abs(weights).sum() + (1 - self.l1_ratio) / 2 * (weights @ weights)
        return float(loss.mean() + self.alpha * penalty)
