"""What tests share: a home of their own, one thread, and reviews so small that training takes a moment."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

# Before torch is imported: two thread pools on few cores make tests slow, and sums differ with the thread count.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest
from hypothesis import settings
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import app_test

from sentiment_core import corpus
from sentiment_core.classroom import codes
from sentiment_core.config import ExperimentConfig, from_fields
from sentiment_core.corpus import Corpus
from sentiment_core.datasets import TEST, TRAIN, VALIDATION, Reviews
from sentiment_core.embeddings import WordVectors
from sentiment_core.explain.catalogue import PRETRAINED, PRETRAINED_FOLDER
from sentiment_core.explain.predictor import Predictor, load
from sentiment_core.numerics import prepare_thread
from sentiment_core.store import Store, engine
from sentiment_core.work.executors import local
from sentiment_core.work.executors.local import start_worker
from sentiment_core.work.executors.standby import SWITCH
from sentiment_core.work.kinds import KINDS, Kind, register
from tests.forks import Forks, StartCode
from tests.postgres import Cluster, binaries
from tests.spelling import encoder_of

# The same examples each time, or a suite that passed could fail elsewhere. To look further:
# pytest --hypothesis-profile=exploring
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.register_profile("exploring", deadline=None, max_examples=3000)
settings.load_profile("repeatable")

REAL_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

# The smallest experiment that still has everything: demo reviews, drawn vectors, a few units.
TINY: dict[str, Any] = {
    "device": "cpu",
    "data.limit": 120,
    "data.max_tokens": 30,
    "data.embeddings": "random",
    "data.embedding_dim": 6,
    "model.hidden_size": 8,
    "training.batch_size": 16,
    "training.epochs": 2,
}

WORDS = [f"word{number}" for number in range(40)]

SHARED_DATABASE = "lab"
SYNCHRONOUS = engine.SYNCHRONOUS

# What the product and its libraries import late.
LATE = ("torch._dynamo", "scipy.stats", "sklearn.linear_model", "gensim.models", "captum.attr")


# Folders of files that take long and cannot be divided: they come first, as all would wait for what begins last.
LONGEST = ("browser", "work")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort files by how long they take; `--no-loadscope-reorder` keeps that order, not the one by number of tests."""
    items.sort(key=lambda item: (*LONGEST, item.path.parent.name).index(item.path.parent.name))


def pytest_sessionstart(session: pytest.Session) -> None:
    """Import it before the tests: one that times out in an import would leave half of it for every later one.

    An optimizer's first update imports torch._dynamo, and that sympy. Who only hands tests to others needs none of it.
    """
    if session.config.getoption("numprocesses", None) and not hasattr(session.config, "workerinput"):
        return
    for library in LATE:
        import_module(library)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty `$SENTIMENT_HOME` of the test's own."""
    folder = tmp_path / "home"
    monkeypatch.setenv("SENTIMENT_HOME", str(folder))
    monkeypatch.delenv("SENTIMENT_STORE_URL", raising=False)
    monkeypatch.delenv("SENTIMENT_MAX_WORKERS", raising=False)
    monkeypatch.delenv("SENTIMENT_EXECUTOR", raising=False)
    # One that waits would outlive the test that looked after the queue.
    monkeypatch.setenv(SWITCH, "0")
    for name in ("ADDRESS", "CPUS", "GPUS"):
        monkeypatch.delenv(f"SENTIMENT_RAY_{name}", raising=False)
    monkeypatch.delenv("SENTIMENT_CLASS", raising=False)
    monkeypatch.delenv("SENTIMENT_WORKER_MEMORY", raising=False)
    return folder


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    """The store of the test's own home."""
    with Store() as opened:
        yield opened


@pytest.fixture(autouse=True)
def written_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests do not wait until the disk has what a store of SQLite commits: a process that is killed loses nothing."""
    monkeypatch.setattr(engine, "SYNCHRONOUS", "OFF")


@pytest.fixture
def written_now(written_soon: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store of SQLite writes as it does for a user."""
    monkeypatch.setattr(engine, "SYNCHRONOUS", SYNCHRONOUS)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A PostgreSQL server of this test process's own, with a database that holds an empty store."""
    programs = binaries()
    if programs is None:
        pytest.skip("PostgreSQL is not installed here (Debian: apt-get install postgresql)")
    cluster = Cluster(programs)
    try:
        Store(cluster.url(cluster.create(SHARED_DATABASE))).close()
        yield cluster
    finally:
        cluster.close()


@pytest.fixture
def postgres_url(postgres: Cluster) -> Iterator[str]:
    """The URL of an empty PostgreSQL database of the test's own."""
    name = postgres.create()
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of the test's own store, on each kind of database in turn; `$SENTIMENT_STORE_URL` says it too."""
    if request.param == "sqlite":
        url = f"sqlite:///{home}/store.sqlite3"
        monkeypatch.setenv("SENTIMENT_STORE_URL", url)
        yield url
        return
    cluster: Cluster = request.getfixturevalue("postgres")
    url = cluster.url(SHARED_DATABASE)
    monkeypatch.setenv("SENTIMENT_STORE_URL", url)
    yield url
    cluster.renew(SHARED_DATABASE)


@pytest.fixture(scope="session", autouse=True)
def components_are_looked_for_once() -> Iterator[None]:
    """Each `AppTest` that opens searches all installed packages for components, ten times as long as a page takes.

    Each run of one compiles its scripts anew, which a server does once.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        patch.setattr(app_test, "ScriptCache", cache(app_test.ScriptCache))
        yield


@pytest.fixture(scope="session", autouse=True)
def words_are_spelled_once() -> Iterator[None]:
    """A training on reviews that are in no cache makes a dictionary of all words there are vectors of."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(corpus, "TextEncoder", encoder_of)
        yield


@pytest.fixture
def hashed_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A class is set up without the 50 ms that whoever tries an access code is to wait; for this process alone."""
    monkeypatch.setattr(codes, "_N", 2)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """A test that trained with more threads must not change the numbers of the next one."""
    prepare_thread(threads=1)


@pytest.fixture(scope="session")
def forks(request: pytest.FixtureRequest) -> Forks | None:
    """What starts servers and workers without their five seconds of imports, where processes can fork."""
    if not hasattr(os, "fork"):
        return None
    shared = getattr(request.config, "workerinput", None)
    return Forks(uuid4().hex, os.getpid()) if shared is None else Forks(shared["testrunuid"], os.getppid())


@pytest.fixture(autouse=True)
def forked_workers(forks: Forks | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers that this process starts are forked, unless a test asks for `real_workers`."""
    if forks is not None:
        monkeypatch.setattr(local, "start_worker", forks.start_worker)


@pytest.fixture
def real_workers(forked_workers: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers are started as they are for a user, by their command line."""
    monkeypatch.setattr(local, "start_worker", start_worker)


@pytest.fixture
def start_code(forks: Forks | None) -> StartCode:
    """`start_code(code, *arguments)` runs it in a process of its own, which has the product's imports behind it."""
    if forks is None:
        pytest.skip("processes cannot fork here")
    return forks.start_code


@pytest.fixture
def short_kind(monkeypatch: pytest.MonkeyPatch) -> Kind[Any, Any]:
    """A kind of work of the tests' own (`work/job_kinds.py`), known to this program and to the processes it starts."""
    folder = str(Path(__file__).parent / "work")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("PYTHONPATH", folder)
    for name in ("test", "long-test"):
        monkeypatch.setitem(KINDS, name, "")  # put back afterwards
    register("job_kinds:LONG")
    return register("job_kinds:SHORT")


@pytest.fixture(scope="session")
def pretrained() -> Predictor:
    """The model that ships with the product."""
    return load(PRETRAINED, PRETRAINED_FOLDER)


@pytest.fixture
def real_data() -> Path:
    """The folder of real reviews beside the repository."""
    if not (REAL_DATA / "movie.csv.gz").exists():
        pytest.skip(f"the real reviews are not at {REAL_DATA}")
    return REAL_DATA


@pytest.fixture
def tiny() -> Callable[..., ExperimentConfig]:
    """`tiny({"training.epochs": 3})` is the tiny experiment with these fields changed."""
    return lambda fields=None: from_fields({**TINY, **(fields or {})})


@pytest.fixture
def make_reviews() -> Callable[..., Reviews]:
    """`make_reviews(60)` are 60 short reviews of made-up words; half the words are only in positive ones."""

    def make(count: int = 60, seed: int = 0) -> Reviews:
        rng = np.random.default_rng(seed)
        labels = (np.arange(count) % 2).astype(np.int8)
        texts = [" ".join(rng.choice(WORDS[20 * label :][:20], rng.integers(3, 25))) for label in labels]
        parts = rng.permutation(np.arange(count) % 6).clip(max=2)
        return Reviews(texts, labels, np.array([TEST, VALIDATION, TRAIN], dtype=np.int8)[parts])

    return make


@pytest.fixture
def make_corpus() -> Callable[..., Corpus]:
    """`make_corpus(96, dim=8)` are encoded reviews in memory, learnable, of 1 to `longest` tokens."""

    def make(count: int = 96, dim: int = 6, longest: int = 15, seed: int = 0, empty: int = 0) -> Corpus:
        rng = np.random.default_rng(seed)
        labels = rng.permutation(np.arange(count) % 2).astype(np.int8)
        lengths = rng.integers(1, longest + 1, count)
        lengths[:empty] = 0
        half = len(WORDS) // 2
        rows = [rng.integers(1, half + 1, size) + half * label for size, label in zip(lengths, labels, strict=True)]
        matrix = np.concatenate([np.zeros((1, dim)), rng.normal(0, 1, (len(WORDS), dim))]).astype(np.float32)
        parts = np.array([TRAIN, TRAIN, TRAIN, TRAIN, VALIDATION, TEST], dtype=np.int8)[np.arange(count) % 6]
        return Corpus(
            token_ids=np.concatenate(rows).astype(np.int32),
            offsets=np.cumsum(lengths) - lengths,
            lengths=lengths,
            labels=labels,
            parts=parts,
            readable=lengths > 0,
            words=lengths,
            matrix=matrix,
            vocabulary=np.arange(len(WORDS) + 1, dtype=np.int32),
            vectors=WordVectors("made-up", WORDS, matrix[1:], "made-up"),
        )

    return make


@pytest.fixture
def run_async() -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """`run_async(coroutine)` returns its result, from a thread: Playwright keeps a loop running in the main one."""

    def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(asyncio.run, coroutine).result()

    return run
