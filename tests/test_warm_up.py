"""Before the first page, all that pages need is imported, and torch treats tiny numbers as zero."""

from __future__ import annotations

import subprocess
import sys

CHECK = """
import sys, threading
from ui.server.warm_up import warm_up
warm_up()
before = {name.partition(".")[0] for name in sys.modules}
import pkgutil, importlib, ui
for module in pkgutil.walk_packages(ui.__path__, "ui."):
    if module.name != "ui.shell":
        importlib.import_module(module.name)
assert "ray" not in sys.modules, "it may be absent, and a server must not live in a process of Ray's"
libraries = {"torch", "scipy", "sklearn", "captum", "pandas", "pyarrow", "tokenizers", "gensim", "plotly", "numpy"}
assert libraries <= before, libraries - before
import torch
seen = []
thread = threading.Thread(target=lambda: seen.append(float(torch.full((1,), 1e-40) * 0.5)))
thread.start()
thread.join()
assert seen == [0.0], seen
"""


def test_libraries_are_there_and_threads_made_later_flush_tiny_numbers():
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", CHECK], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
