"""`python -m sentiment_core.work KIND WORK_ID`: the process of one piece of work.

A module of its own: a worker that is the main module would define its exceptions twice, and not know its own `Stopped`.
"""

import sys

from sentiment_core.work.worker import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
