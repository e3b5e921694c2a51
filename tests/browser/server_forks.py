"""Servers that start in a moment: this process has the libraries loaded and forks for each line that it reads.

A line is a JSON object of `arguments` for streamlit's command line, `environment` and `log`, a file; the answer is the
process number of the new server.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from streamlit.web import cli

from ui.server.warm_up import warm_up

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Fork until standard input ends."""
    warm_up()
    # Servers that have ended leave no zombies.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        asked = json.loads(line)
        if (pid := os.fork()) == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.chdir(ROOT)
            os.environ.clear()
            os.environ.update(asked["environment"])
            log = os.open(asked["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            for stream in (1, 2):
                os.dup2(log, stream)
            sys.argv = ["streamlit", *asked["arguments"]]
            cli.main()
        print(pid, flush=True)


if __name__ == "__main__":
    main()
