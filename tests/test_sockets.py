"""Small answers leave at once, whatever the other side has acknowledged."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ui.server import backend


def waits_for_acknowledgement(listening: socket.socket) -> bool:
    """Whether a connection that is accepted now holds back small pieces (Nagle)."""
    with socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            return not accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_server_that_opens_sends_small_answers_at_once(
    home: Path, monkeypatch: pytest.MonkeyPatch, run_async: Callable[..., Any]
) -> None:
    async def opened() -> None:
        async with backend.serve(None):
            pass

    monkeypatch.setattr(backend, "warm_up", lambda: None)
    monkeypatch.setattr(backend, "write_log", lambda: None)
    root = logging.getLogger()
    before = list(root.handlers)
    # Bound and listening before the application starts, as Streamlit's.
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        assert waits_for_acknowledgement(listening)
        try:
            run_async(opened())
        finally:
            root.handlers[:] = before
        assert not waits_for_acknowledgement(listening)
