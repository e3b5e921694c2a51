"""Broken and hostile inputs at every surface: each is taken, or refused with a sentence; nothing else may happen.

    python -m benchmarks.fuzz [--inputs 100000] [--seed 0]

Inputs are good ones with bytes changed, cut, doubled and swapped, and with pieces of hostile ones in between.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, quote

import pytest
import torch
from starlette.applications import Starlette
from starlette.testclient import TestClient

from sentiment_core.artifacts import CHECKPOINT
from sentiment_core.classroom.codes import read_room_code
from sentiment_core.classroom.names import tidy
from sentiment_core.classroom.settings import VARIABLE, class_settings, set_up, settings_file
from sentiment_core.config import FIELDS, from_fields, from_query, to_query
from sentiment_core.datasets import load_reviews
from sentiment_core.errors import SentimentLabError
from sentiment_core.explain.archive.reader import read_archive
from sentiment_core.explain.archive.writer import model_archive
from sentiment_core.presets import PRESETS
from sentiment_core.progress import silent
from sentiment_core.settings import DataConfig
from sentiment_core.store import Store
from sentiment_core.training.checkpoints import load_checkpoint, save_checkpoint
from sentiment_core.vector_files import read_vectors
from sentiment_core.work.kinds import KINDS, kind
from sentiment_core.work.training import train_here
from tests.datasets import cases
from tests.hostile import PAYLOADS
from ui import addresses
from ui.kit.address import Address
from ui.server.api import routes
from ui.server.door import door, door_routes
from ui.server.gate import gate

PIECES = [
    *(text.encode() for text in PAYLOADS),
    *(b"", b"\0", b"\xff\xfe", b"\xed\xa0\x80", b"'", b'"', b",", b"\r", b"\n", b"..", b"/", b"%00", b"%", b"&", b"="),
    *(b"nan", b"inf", b"-1", b"1e309", b"9" * 400, b"0x10", b"null", b"{}", b"[]", b"[" * 2000, b"../../etc/passwd"),
]


@dataclass(frozen=True)
class Surface:
    """Good inputs, and what takes them; it may raise a `SentimentLabError` and nothing else."""

    good: list[bytes]
    take: Callable[[bytes], object]


def broken(good: list[bytes], chance: random.Random) -> bytes:
    """Return a good input with up to eight things wrong with it."""
    content = bytearray(chance.choice(good))
    for _ in range(chance.randint(1, 8)):
        at, to = sorted(chance.randint(0, len(content)) for _ in range(2))
        match chance.randrange(6):
            case 0:
                content[at:at] = chance.choice(PIECES)
            case 1:
                content[at : at + chance.randint(1, 8)] = chance.randbytes(chance.randint(0, 8))
            case 2:
                del content[at:to]
            case 3:
                content[at:at] = content[at : at + chance.randint(1, 200)]
            case 4:
                content[at : at + 4] = chance.choice([b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xff\xff\xff\x7f"])
            case _:
                content[at:to] = chance.choice(good)[at:to]
    return bytes(content[:200_000])


def text(content: bytes) -> str:
    """Return an input as a text, as browsers would send it."""
    return content.decode("utf-8", "replace")


@contextmanager
def surfaces(home: Path) -> Iterator[dict[str, Surface]]:
    """Yield all surfaces of an app on `home`, which is `$SENTIMENT_HOME`."""
    scratch = home / "scratch"
    scratch.mkdir(parents=True)
    with Store() as store:
        (archive, run), checkpoint = trained(store), some_checkpoint(scratch)
        store.open_room("Room")
        set_up()
        settings = settings_file().read_bytes()
        settings_file().unlink()  # for the routes: everybody is in
        client = TestClient(
            Starlette(routes=[*door_routes(), *routes()], middleware=[gate(), door()]),
            base_url="http://127.0.0.1:8501",
            follow_redirects=False,
        )

        def ask(content: bytes) -> None:
            path, _, query = text(content).partition("?")
            answer = client.get(f"/{quote(path.lstrip('/'))}?{quote(query, safe='=&:,')}")
            assert answer.status_code < 500 or answer.status_code == 503, answer.status_code

        def join(content: bytes) -> None:
            answer = client.post("/join", content=content)
            assert answer.status_code < 500, answer.status_code

        def reviews(suffix: str) -> Callable[[bytes], object]:
            return lambda content: load_reviews(DataConfig(source="csv", path=str(kept(scratch, suffix, content))))

        def link(content: bytes) -> None:
            from_query(dict(parse_qsl(text(content), max_num_fields=200)))

        def page(content: bytes) -> None:
            query = dict(parse_qsl(text(content), max_num_fields=200))
            for each in vars(addresses).values():
                if isinstance(each, Address):
                    each.parse(query)

        def asked(content: bytes) -> None:
            for name in KINDS:
                try:
                    kind(name).read(text(content))
                except SentimentLabError:
                    continue

        links = ["&".join(f"{k}={v}" for k, v in to_query(each.config).items()) for each in PRESETS.values()]
        fields = [f"{name}={info.get_default()}".encode() for name, info in FIELDS.items()]
        pages = [
            b"models=pretrained&text=good&methods=attention&target=positive&section=along",
            b"runs=0123abcd-1,0123abcd-2&filter=lr&page=2&group=seed&x=step&threshold=0.5",
            b"lesson=clip-norm&experiment=0123abcd&watch=recorded&glass=3",
            b"tab=words&source=csv&file=0123456789abcdef01234567.csv&review=3&word=good",
        ]
        questions = [
            f"/api/experiments/{run.split('-')[0]}?after={run}:3:1".encode(),
            f"/api/experiments/{run.split('-')[0]}/quantities/loss?after=2".encode(),
            f"/api/experiments/{run.split('-')[0]}/inside?after={run}:1".encode(),
            f"/api/experiments/{run.split('-')[0]}/inside/3".encode(),
            b"/join/KMRTP?next=/lessons?lesson=relu", b"/train/x?y=z", b"/assets/series.js", b"/healthz",
        ]  # fmt: skip
        asks = [b'{"experiment": "0123abcd"}', b'{"model": "pretrained", "source": "demo", "sample": 5, "seed": 0}']
        vectors = [b"3 4\n" + b"".join(word + b" 1 2 3 4\n" for word in (b"a", b"b", b"c")), b"a 1 2\nb 3 4\n"]
        yield {
            "addresses of the JSON route": Surface(questions, ask),
            "the form to join": Surface([b"code=KMRTP&name=Anna&next=/room", b"access=AAAAA-BBBBB"], join),
            "links with settings": Surface([*(each.encode() for each in links), *fields], link),
            "addresses of pages": Surface(pages, page),
            "asked JSON": Surface(asks, asked),
            "names": Surface([b"Anna", "Änna Lena".encode(), "李明".encode()], lambda content: tidy(text(content))),
            "codes": Surface([b"KMRTP"], lambda content: read_room_code(text(content))),
            "settings of a class": Surface([settings], class_file(scratch)),
            "vectors": Surface(
                vectors, lambda content: read_vectors(kept(scratch, ".vectors", content), scratch / "read.npy", silent)
            ),
            "archives of models": Surface([archive], lambda content: read_archive(kept(scratch, ".zip", content))),
            "checkpoints": Surface([checkpoint], lambda content: load_checkpoint(kept(scratch, ".pt", content))),
            **{
                f"reviews as {name}": Surface([cases.WHOLE[name][:20_000], content], reviews(Path(name).suffix))
                for name, content in cases.WHOLE.items()
            },
        }


def kept(scratch: Path, suffix: str, content: bytes) -> Path:
    """Write an input to a file."""
    path = scratch / f"given{suffix}"
    path.write_bytes(content)
    return path


def class_file(scratch: Path) -> Callable[[bytes], object]:
    """Return what reads the settings of a class."""

    def read(content: bytes) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(VARIABLE, str(kept(scratch, ".toml", content)))
            class_settings()

    return read


def trained(store: Store) -> tuple[bytes, str]:
    """Train something small; return its model as an archive, and its run."""
    fields = {
        "device": "cpu", "data.limit": 120, "data.max_tokens": 30, "data.embeddings": "random",
        "data.embedding_dim": 6, "model.hidden_size": 8, "training.batch_size": 16, "training.epochs": 1,
    }  # fmt: skip
    run = train_here(store, from_fields(fields), lambda progress: None).runs[0].id
    return model_archive(store, run), run


def some_checkpoint(scratch: Path) -> bytes:
    """Return the bytes of a checkpoint."""
    path = scratch / CHECKPOINT
    save_checkpoint(path, {"step": 3, "weights": [torch.arange(5.0)], "best": None, "loss": float("inf")})
    return path.read_bytes()


def fuzz(home: Path, inputs: int, seed: int) -> tuple[Counter[str], list[str]]:
    """Give every surface its share of inputs; return how many each took, and what must not have happened."""
    chance = random.Random(seed)
    counts: Counter[str] = Counter()
    faults: list[str] = []
    with surfaces(home) as found, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        share = max(1, inputs // len(found))
        for name, surface in found.items():
            for _ in range(share):
                content = broken(surface.good, chance)
                try:
                    surface.take(content)
                except SentimentLabError:
                    pass
                except Exception as error:
                    faults.append(f"{name}: {type(error).__name__}: {str(error)[:200]} of {content[:200]!r}")
                counts[name] += 1
    return counts, faults


def main() -> None:
    """Fuzz and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SENTIMENT_HOME"] = folder
        began = time.process_time()
        counts, faults = fuzz(Path(folder), options.inputs, options.seed)
    for name, count in counts.items():
        print(f"{count:8,}  {name}")
    print(f"{counts.total():,} inputs, {time.process_time() - began:.0f} CPU seconds, {len(faults)} faults")
    print("\n".join(faults[:50]))


if __name__ == "__main__":
    main()
