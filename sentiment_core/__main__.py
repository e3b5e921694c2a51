"""`python -m sentiment_core`, and `sentiment-lab` where it is installed."""

import sys

from sentiment_core.cli import main


def run() -> int:
    """Run the command that the process was started with; return its exit code."""
    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(run())
