"""The error tree. Every message says what was wrong and what to do; interfaces show it as it stands."""


class SentimentLabError(Exception):
    """Base of every error that the user can do something about."""


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


class NotFoundError(SentimentLabError):
    """No such experiment, run or model."""


class CheckpointError(SentimentLabError):
    """A checkpoint or a saved model is missing or damaged."""


class OutOfMemory(SentimentLabError):
    """Memory ran out, or would: on the CPU or on a GPU. The message says what to lower."""
