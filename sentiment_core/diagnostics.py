"""What somebody who helps needs to know about an installation: no secrets in it, and nobody's texts."""

from __future__ import annotations

import os
import platform
import shutil
import time
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from sentiment_core import __version__
from sentiment_core.artifacts import SHARED, home, place, size_here
from sentiment_core.classroom.settings import class_settings
from sentiment_core.errors import SentimentLabError
from sentiment_core.logs import last_problems
from sentiment_core.machine import available_memory, cores, max_workers, may_have_gpu, total_memory, worker_memory
from sentiment_core.store import Store

PACKAGES = (
    *("torch", "numpy", "pandas", "pyarrow", "scikit-learn", "scipy", "captum", "gensim", "tokenizers", "safetensors"),
    *("pydantic", "sqlalchemy", "psycopg", "streamlit", "starlette", "plotly", "psutil", "prometheus-client", "ray"),
)


def diagnostics() -> dict[str, Any]:
    """Return versions, the machine, settings without secrets, counts and the last problems of this home.

    What cannot be found out says so in its place: this is asked for when something is broken.
    """
    return {
        "made": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "versions": {"sentiment-lab": __version__, "python": platform.python_version(), **_packages()},
        "machine": _or_why(_machine),
        "settings": _or_why(_settings),
        "counts": _or_why(_counts),
        "problems": last_problems(),
    }


def _packages() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _machine() -> dict[str, Any]:
    return {
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cores": cores(),
        "may_have_gpu": may_have_gpu(),
        "memory_bytes": total_memory(),
        "memory_free_bytes": available_memory(),
        "disk_free_bytes": shutil.disk_usage(next(each for each in (home(), *home().parents) if each.exists())).free,
    }


def _settings() -> dict[str, Any]:
    found = class_settings()
    return {
        "workers": max_workers(),
        "worker_memory_bytes": worker_memory(),
        # A store's address may hold a password, a home's path a name.
        "set": sorted(name for name in os.environ if name.startswith("SENTIMENT_")),
        "store": (os.environ.get("SENTIMENT_STORE_URL") or "sqlite").partition(":")[0],
        "class": found.model_dump(exclude={"lecturer_code"}) if found else None,
    }


def _counts() -> dict[str, Any]:
    with Store() as store:
        counted, rows = store.counts(), store.sizes()
    files = {room: sum(1 for path in place(room).glob("*") if not path.is_symlink()) for room in SHARED}
    bytes_of = {room: size_here(place(room)) for room in SHARED}
    return {**asdict(counted), "rows": rows, "files": files, "bytes": bytes_of}


def _or_why(part: Any) -> Any:
    try:
        return part()
    except (SentimentLabError, OSError) as error:
        return {"unknown": type(error).__name__}
