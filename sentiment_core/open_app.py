"""Opening the web application: where its files lie, and the command that serves them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

from sentiment_core.errors import NotFoundError

HERE = Path(__file__).resolve().parent


def app_script() -> Path:
    """Return `app.py`: inside the installed package, or beside it in a checkout; raise `NotFoundError`."""
    for folder in (HERE / "webapp", HERE.parent):
        if (folder / "app.py").is_file() and (folder / "ui" / "shell.py").is_file():
            return folder / "app.py"
    raise NotFoundError("the web application was not installed with this package; install Sentiment Lab again")


def command(address: str | None, port: int | None, headless: bool) -> list[str]:
    """Return the command line that serves the application.

    Its `.streamlit/config.toml` counts whatever the current folder is: Streamlit reads the one beside the script.
    """
    # -P: the current folder is the user's, and a module of theirs must not stand in for one of ours.
    line = [sys.executable, "-P", "-m", "streamlit", "run", str(app_script())]
    line += [] if address is None else [f"--server.address={address}"]
    line += [] if port is None else [f"--server.port={port}"]
    return [*line, "--server.headless=true"] if headless else line


def serve(address: str | None, port: int | None, headless: bool) -> NoReturn:
    """Become the web server; raises `NotFoundError` when the application is not there."""
    line = command(address, port, headless)
    if os.name == "posix":
        os.execv(line[0], line)
    raise SystemExit(subprocess.call(line))
