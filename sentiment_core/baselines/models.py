"""The linear models, as scikit-learn pipelines. Their constants were chosen on the validation part of real reviews."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from sentiment_core.baselines.elastic_net import ElasticNetLogistic


def elastic_net() -> Pipeline:
    """Return logistic regression with L1 and L2 penalty on standardised features (Zou & Hastie 2005)."""
    return make_pipeline(StandardScaler(), ElasticNetLogistic(alpha=1e-3, l1_ratio=0.15))


def tf_idf() -> Pipeline:
    """Return logistic regression on TF-IDF weights with 1 + log(count); takes counts."""
    return make_pipeline(TfidfTransformer(sublinear_tf=True), LogisticRegression(C=30.0, max_iter=1000))


def naive_bayes_svm() -> Pipeline:
    """Return NB-SVM (Wang & Manning 2012); takes counts."""
    return make_pipeline(LogCountRatios(), InterpolatedSVM())


class LogCountRatios(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Turns counts into presence times the naive Bayes log-count ratio of each word (Wang & Manning 2012, eq. 2).

    r = log((p / ‖p‖₁) / (q / ‖q‖₁)), where p and q are `smoothing` plus the number of positive and of negative reviews
    that hold the word.
    """

    def __init__(self, smoothing: float = 1.0) -> None:
        self.smoothing = smoothing

    def fit(self, counts: Any, labels: np.ndarray) -> Self:
        """Learn r (F,) from sparse counts (N, F) and labels (N,)."""
        present = _present(counts)
        positive, negative = (
            self.smoothing + np.asarray(present[labels == label].sum(axis=0)).ravel() for label in (1, 0)
        )
        self.ratios_ = np.log(positive / positive.sum()) - np.log(negative / negative.sum())
        return self

    def transform(self, counts: Any) -> Any:
        """Return sparse (N, F): r where a word occurs."""
        present = _present(counts)
        present.data *= self.ratios_[present.indices].astype(present.data.dtype)
        return present


class InterpolatedSVM(LinearSVC):  # type: ignore[misc]
    """A linear SVM whose weights are pulled towards their mean magnitude: w' = (1 − β) w̄ + β w (Wang & Manning 2012).

    Features are already scaled by naive Bayes; towards β = 0 this is naive Bayes, at β = 1 the SVM.
    """

    def __init__(self, C: float = 0.1, beta: float = 0.5, random_state: int = 0) -> None:
        super().__init__(C=C, random_state=random_state)
        self.beta = beta

    def fit(self, features: Any, labels: np.ndarray, sample_weight: Any = None) -> Self:
        """Fit the SVM, then interpolate its weights (1, F)."""
        super().fit(features, labels, sample_weight)
        weights = np.asarray(vars(self)["coef_"])
        self.coef_ = (1 - self.beta) * np.abs(weights).mean() + self.beta * weights
        return self


def _present(counts: Any) -> Any:
    present = counts.copy()
    present.data = np.ones_like(present.data)
    return present
