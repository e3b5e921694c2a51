"""`python -m sentiment_core`."""

import sys

from sentiment_core.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
