"""What the tests of the store share: a twin experiment, steps to write, other processes."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from sentiment_core.config import ExperimentConfig, RunConfig, build
from sentiment_core.steps.quantities import StepMetrics
from sentiment_core.store import Worker

ROOT = Path(__file__).resolve().parents[2]
TWIN = build(
    ExperimentConfig,
    {
        "name": "twin",
        "runs": [RunConfig(name="off"), RunConfig(name="on", overrides={"training.clipping": "norm"})],
    },
)
WORKER = Worker("host", 4711, 1234.5)

sqlite_alone = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


def step(number: int, loss: float = 0.5, **fields: float) -> StepMetrics:
    values = StepMetrics(number, 1, loss, 0.5, 1e-3, 2.0, 1.0, 0.3, 1.0, math.nan, 900, number * 0.1)
    return replace(values, **fields)


def same(left: object, right: object) -> bool:
    return repr(left) == repr(right)


def child(code: str, *arguments: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, "-c", code, *arguments], env=environment, stderr=subprocess.PIPE)


def finish(process: subprocess.Popen[bytes]) -> None:
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors.decode()
