"""What an archive of a model holds, by name, and how large each part may be. Nothing in it is ever executed here."""

from __future__ import annotations

from pathlib import Path

import torch

FORMAT = 1
SETTINGS, WEIGHTS, WORDS, SEEN = "model.json", "model.safetensors", "words.json", "seen.safetensors"
CARD, LOADER, SPELLING = "README.md", "load_model.py", "plain_text.py"
HASHES = "hashes"
MEGABYTE = 1 << 20
# The largest that each part may be, unpacked: a million words of 200 components in half precision are 400 MB.
LARGEST = {
    SETTINGS: MEGABYTE,
    WEIGHTS: 700 * MEGABYTE,
    WORDS: 64 * MEGABYTE,
    SEEN: 64 * MEGABYTE,
    CARD: MEGABYTE,
    LOADER: MEGABYTE,
    SPELLING: MEGABYTE,
}
NEEDED = (SETTINGS, WEIGHTS, WORDS)
TYPES = frozenset({torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64})
# In a folder that is no package: they are read where this package is not. A model finds its own as `LOADER`.
LOADER_FILE = Path(__file__).parent / "loader" / LOADER
TRANSFORMER_LOADER_FILE = LOADER_FILE.with_name("load_transformer.py")
