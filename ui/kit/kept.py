"""What pages work out once for all visitors and keep, failures too: a question that failed is asked again by a button.

Streamlit's caches keep no exceptions, so that a page would ask a failing question anew at every click.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any, TypeVar

import streamlit as st

from sentiment_core.errors import SentimentLabError

Function = TypeVar("Function", bound=Callable[..., Any])


def kept(max_entries: int, show_spinner: bool | str = False, **options: Any) -> Callable[[Function], Function]:
    """Keep the last `max_entries` outcomes of a function, `SentimentLabError` among them; nothing may change them.

    A kept error is raised as a new one with the same words, whose `retry` forgets it.
    """

    def decorate(function: Function) -> Function:
        @st.cache_resource(max_entries=max_entries, show_spinner=show_spinner, **options)
        @wraps(function)
        def outcome(*arguments: Any) -> tuple[Any, SentimentLabError | None]:
            try:
                return function(*arguments), None
            except SentimentLabError as error:
                # Tracebacks would keep alive whatever the function was holding.
                for one in (error, error.__cause__):
                    if one is not None:
                        one.with_traceback(None).__context__ = None
                return None, error

        @wraps(function)
        def ask(*arguments: Any) -> Any:
            value, error = outcome(*arguments)
            if error is not None:
                again = type(error)(str(error))
                again.retry = partial(outcome.clear, *arguments)
                raise again from error.__cause__
            return value

        ask.clear = outcome.clear  # type: ignore[attr-defined]
        return ask  # type: ignore[return-value]

    return decorate
