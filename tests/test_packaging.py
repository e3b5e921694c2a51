"""What `pip install .` installs: the core, the web application inside it, their data, and the declared dependencies."""

from __future__ import annotations

import email
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from sentiment_core import __version__

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("sentiment_core", "ui", "pages", ".streamlit", "app.py", "setup.py", "pyproject.toml", "requirements.txt")
TEXTS = ("README.md", "LICENSE", "LICENSES.md")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel, unpacked; made from a copy, because building leaves files behind."""
    folder = tmp_path_factory.mktemp("wheel")
    source, installed = folder / "source", folder / "installed"
    source.mkdir()
    for name in (*PARTS, *TEXTS):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    build = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", build, str(folder)], cwd=source, check=True, capture_output=True)
    (archive,) = folder.glob("*.whl")
    with zipfile.ZipFile(archive) as content:
        content.extractall(installed)
    return installed


def run(wheel: Path, *arguments: str, **options: object) -> subprocess.Popen[str]:
    """Start the installed command in a folder of no importance."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "sentiment_core", *arguments],
        env={**os.environ, "PYTHONPATH": str(wheel)},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        **options,  # type: ignore[call-overload]
    )


def files(folder: Path) -> set[str]:
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc"
    }


def test_nothing_of_the_product_is_left_behind(wheel: Path) -> None:
    web = wheel / "sentiment_core" / "webapp"
    assert files(ROOT / "sentiment_core") == files(wheel / "sentiment_core") - {
        str(path.relative_to(wheel / "sentiment_core")) for path in web.rglob("*")
    }
    for name in ("ui", "pages", ".streamlit"):
        assert files(ROOT / name) == files(web / name)
    # No folder of ours at the top, where other packages' names are.
    (information,) = wheel.glob("*.dist-info")
    assert {path.name for path in wheel.iterdir()} == {"sentiment_core", information.name}


def test_version_dependencies_licence_and_command_are_declared_once(wheel: Path) -> None:
    (information,) = wheel.glob("*.dist-info")
    metadata = email.message_from_string((information / "METADATA").read_text(encoding="utf-8"))
    assert metadata["Version"] == __version__ and metadata["License-Expression"] == "MIT"
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    declared = [line for line in lines if line and not line.startswith("#")]
    name = re.compile(r"[\w-]+")
    found = [line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert [name.match(line)[0] for line in found] == [name.match(line)[0] for line in declared]  # type: ignore[index]
    assert "sentiment-lab = sentiment_core.__main__:run" in (information / "entry_points.txt").read_text()
    assert {path.name for path in (information / "licenses").iterdir()} == {"LICENSE", "LICENSES.md"}
    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_version_is_printed(wheel: Path, tmp_path: Path) -> None:
    said, _ = run(wheel, "--version", cwd=tmp_path).communicate(timeout=60)
    assert said.split() == ["sentiment-lab", __version__]


@pytest.fixture
def served(wheel: Path, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The installed application, opened in a folder with a module that must not be taken for one of its own."""
    (tmp_path / "ui").mkdir()
    (tmp_path / "ui" / "__init__.py").write_text("raise SystemExit('the wrong ui')")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path / "log"
    with log.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "sentiment_core", "app", "--headless", "--port", str(port)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(wheel)},
            stdout=file,
            stderr=file,
        )
    try:
        yield f"http://127.0.0.1:{port}", log
    finally:
        process.terminate()
        process.wait(10)


def test_the_installed_application_opens_with_its_own_settings(served: tuple[str, Path]) -> None:
    url, log = served
    deadline = time.monotonic() + 60
    status = None
    while status is None and time.monotonic() < deadline:
        with suppress(OSError), urllib.request.urlopen(f"{url}/_stcore/health", timeout=5) as answer:
            status = answer.status
        time.sleep(0.1)
    assert status == 200, log.read_text()
    with urllib.request.urlopen(f"{url}/assets/figure.js", timeout=5) as answer:
        assert answer.status == 200
    # Streamlit's own default listens everywhere and says so; ours is this machine only.
    assert f"URL: {url}" in log.read_text() and "Network URL" not in log.read_text()
