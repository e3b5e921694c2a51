"""The error tree. Every message says what was wrong and what to do; interfaces show it as it stands."""

from __future__ import annotations

from collections.abc import Callable


class SentimentLabError(Exception):
    """Base of every error that the user can do something about.

    `retry`: makes whoever kept the failure forget it, where somebody did.
    """

    retry: Callable[[], None] | None = None

    def worded(self, message: str) -> SentimentLabError:
        """Return this error with another message: same kind, cause and `retry`."""
        other = type(self)(message)
        other.retry = self.retry
        other.__cause__ = self.__cause__
        return other


def said(error: Exception) -> str:
    """Return what a user reads of an error: our sentence, the system's words without number and path, else its kind."""
    if isinstance(error, SentimentLabError):
        return str(error).rstrip(".")
    return (isinstance(error, OSError) and error.strerror) or type(error).__name__


class ConfigError(SentimentLabError):
    """A configuration is impossible. The message names the field and the allowed range."""


class DataError(SentimentLabError):
    """Reviews cannot be read: missing file or column, bad labels, one class only."""


class DownloadError(SentimentLabError):
    """A file could not be fetched, or is not the file that was expected."""


class EmbeddingsError(SentimentLabError):
    """Word vectors are missing or damaged."""


class StoreError(SentimentLabError):
    """The experiment store cannot be opened or written."""


class StoreUnavailableError(StoreError):
    """The store is away for the moment: locked, restarting, not reachable. The same call may succeed later."""


class LostError(StoreError):
    """What a worker wrote was refused: the work has ended, or is another worker's by now."""


class NotFoundError(SentimentLabError):
    """No such experiment, run or model."""


class NotAllowedError(SentimentLabError):
    """It belongs to somebody else, or needs a lecturer."""


class LimitError(SentimentLabError):
    """More than the class grants one person, or everybody. The message names the limit and what to do."""


class CheckpointError(SentimentLabError):
    """A checkpoint or a saved model is missing or damaged."""


class OutOfMemory(SentimentLabError):
    """Memory ran out, or would: on the CPU or on a GPU. The message says what to lower."""
