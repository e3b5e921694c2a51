"""`python -m sentiment_core.work KIND WORK_ID`: the process of one piece of work; with `--wait`, of one yet to come.

A module of its own: a worker that is the main module would define its exceptions twice, and not know its own `Stopped`.
"""

import sys

from sentiment_core.work.executors.standby import WAIT, wait
from sentiment_core.work.worker import main

if __name__ == "__main__":
    arguments = wait() if sys.argv[1:] == [WAIT] else sys.argv[1:]
    sys.exit(0 if arguments is None else main(arguments))
