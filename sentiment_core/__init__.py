"""Sentiment Lab's core: reviews in, trained models, measured gradients and attention out. Imports no user interface."""

__version__ = "0.1.0"
