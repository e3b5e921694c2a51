"""A class watches: browsers with the real protocol look at four trainings; how late is a new step on their screens?

    python -m benchmarks.load [--browsers 40] [--seconds 60] [--join 10]

Each browser opens a websocket as Streamlit's page does, has the Train page drawn, runs its fragments when the server
asks for it, and polls the numbers as the live plot does. A process of its own plays the browsers; what they draw costs
the server nothing and is left out. The trainings are written by a thread at four steps a second, as a worker would, so
that the moment of each step is known. Late is from there until a browser has it.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import math
import multiprocessing
import os
import random
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks.app_server import AppServer
from benchmarks.crowd import percentile
from sentiment_core.config import ExperimentConfig
from sentiment_core.presets import vary_clipping
from sentiment_core.steps.quantities import StepMetrics
from sentiment_core.store import Experiment, Store, Worker, WorkProgress

TRAININGS = 4
STEP_SECONDS = 0.25
POLL_SECONDS = 0.8  # as ui/assets/poller.js


def write(store: Store, made: list[Experiment], over: threading.Event, moments: dict[int, float]) -> None:
    """Write steps until it is over; note the Unix time at which each was there to be written."""
    step, worker = 0, Worker.of()
    while not over.wait(STEP_SECONDS):
        step += 1
        moments[step] = time.time()
        for each in made:
            loss = 0.7 * math.exp(-step / 500)
            row = StepMetrics(step, 1, loss, 0.5, 1e-3, 2.0, 1.0, 0.1, 1.0, 1.0, 900, STEP_SECONDS * step)
            store.write_steps({run.id: [row] for run in each.runs})
            store.heartbeat(each.id, WorkProgress("training", "Training", step=step, total_steps=100_000), worker)


class Browser:
    """One tab: of Train where it has an experiment, which it polls, else of the room; `cookie` is its ticket's."""

    def __init__(self, port: int, experiment: str, results: dict[str, Any], cookie: str = "") -> None:
        self.port, self.experiment, self.results = port, experiment, results
        self.headers = {"Cookie": cookie} if cookie else {}
        self.after = ""
        self.fragments: dict[str, asyncio.Task[None]] = {}

    async def live(self, seconds: float, began: float | None = None) -> None:
        """Open the page, and look at it for some time; it is drawn so long after it `began`, now unless told."""
        began = time.monotonic() if began is None else began
        address = f"ws://127.0.0.1:{self.port}/_stcore/stream"
        try:
            async with websockets.connect(
                address,
                subprotocols=["streamlit"],
                origin=f"http://127.0.0.1:{self.port}",
                additional_headers=self.headers,
                max_size=None,
            ) as socket:
                await self.rerun(socket)
                reader = asyncio.create_task(self.read(socket, began))
                deadline = began + seconds
                while time.monotonic() < deadline:
                    with suppress(asyncio.IncompleteReadError):
                        if self.experiment:
                            await self.poll()
                    await asyncio.sleep(POLL_SECONDS)
                for task in (reader, *self.fragments.values()):
                    task.cancel()
        except Exception as error:
            self.results["errors"][f"{type(error).__name__}: {str(error)[:80]}"] += 1

    async def rerun(self, socket: Any, fragment: str = "") -> None:
        """Ask for the page, or for one fragment of it."""
        message = BackMsg()
        message.rerun_script.query_string = f"experiment={self.experiment}" if self.experiment else ""
        message.rerun_script.page_name = "train" if self.experiment else "room"
        if fragment:
            message.rerun_script.fragment_id = fragment
            message.rerun_script.is_auto_rerun = True
        await socket.send(message.SerializeToString())

    async def read(self, socket: Any, began: float) -> None:
        """Take what the server sends; a fragment that wants to run again by itself does."""
        drawn = False
        async for content in socket:
            message = ForwardMsg.FromString(content)
            self.results["received"][0] += len(content)
            match message.WhichOneof("type"):
                case "script_finished":
                    if not drawn:
                        self.results["drawn"].append(time.monotonic() - began)
                    drawn = True
                case "auto_rerun":
                    asked = message.auto_rerun
                    if asked.fragment_id not in self.fragments:
                        again = self.repeat(socket, asked.fragment_id, asked.interval)
                        self.fragments[asked.fragment_id] = asyncio.create_task(again)

    async def repeat(self, socket: Any, fragment: str, seconds: float) -> None:
        """Have a fragment run again and again."""
        while True:
            await asyncio.sleep(seconds)
            await self.rerun(socket, fragment)

    async def poll(self) -> None:
        """Ask for what is new; note how long the answer took, and when which step was there."""
        asked = time.monotonic()
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        path = f"/api/experiments/{self.experiment}?after={self.after}"
        headers = f"Host: 127.0.0.1:{self.port}\r\nAccept-Encoding: gzip\r\nConnection: close"
        writer.write(f"GET {path} HTTP/1.1\r\n{headers}\r\n\r\n".encode())
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        now = time.time()
        self.results["answered"].append(time.monotonic() - asked)
        if b" 200 " not in head.split(b"\r\n")[0]:
            self.results["errors"][head.split(b"\r\n")[0].decode()] += 1
            return
        runs = json.loads(gzip.decompress(body))["runs"]
        if self.after:  # the first answer holds what was there before
            self.results["steps"] += [(step, now) for step in runs[0]["steps"]["step"]]
        known = [f"{run['id']}:{run['steps']['step'][-1]}" for run in runs if run["steps"]["step"]]
        self.after = ",".join(known) or self.after


def nothing_seen() -> dict[str, Any]:
    """Return what browsers add to while they look."""
    return {"errors": Counter(), "steps": [], "drawn": [], "answered": [], "received": [0]}


def crowd(port: int, experiments: list[str], browsers: int, seconds: float, join: float, results: Any) -> None:
    """Play all browsers, which come within `join` seconds; put what they saw."""
    seen = nothing_seen()

    async def one(place: int) -> None:
        await asyncio.sleep(random.uniform(0, join))
        await Browser(port, experiments[place % len(experiments)], seen).live(seconds)

    async def all_of_them() -> None:
        await asyncio.gather(*map(one, range(browsers)))

    asyncio.run(all_of_them())
    results.put(seen)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--browsers", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=60.0, help="that each browser stays")
    parser.add_argument("--join", type=float, default=10.0, help="seconds within which all of them come")
    options = parser.parse_args()
    os.environ["SENTIMENT_HOME"] = home = tempfile.mkdtemp()
    with Store() as store, AppServer(Path(home)) as server:
        made = store.create_experiments([vary_clipping(ExperimentConfig(name=f"{n}")) for n in range(TRAININGS)])
        for each in made:
            store.claim_experiment(each.id, Worker.of(), threads=1)
        over = threading.Event()
        spawn = multiprocessing.get_context("spawn")
        moments: dict[int, float] = {}
        writer = threading.Thread(target=write, args=(store, made, over, moments))
        writer.start()
        process = psutil.Process(server.pid)
        memory: list[int] = []
        results = spawn.Queue()
        asked = ([each.id for each in made], options.browsers, options.seconds, options.join, results)
        visitors = spawn.Process(target=crowd, args=(server.port, *asked))
        cpu, began = sum(process.cpu_times()[:2]), time.monotonic()
        visitors.start()
        while visitors.is_alive() and results.empty():
            memory.append(process.memory_info().rss)
            time.sleep(1.0)
        seen = results.get()
        took = time.monotonic() - began
        cpu = sum(process.cpu_times()[:2]) - cpu
        visitors.join()
        over.set()
        writer.join()
    late, drawn = [moment - moments[step] for step, moment in seen["steps"]], seen["drawn"]
    settled = memory[round(options.join) + 5 :] or memory
    print(f"{options.browsers} browsers, {options.seconds:.0f} s each, load {os.getloadavg()[0]:.1f}")
    print(f"page drawn: p50 {percentile(drawn, 0.5):.2f} s, p95 {percentile(drawn, 0.95):.2f} s of {len(drawn)}")
    print(f"late: p50 {percentile(late, 0.5):.2f} s, p95 {percentile(late, 0.95):.2f} s of {len(late):,} steps")
    print(f"server: {cpu / took:.0%} of a core; memory {settled[0] / 1e6:.0f} → {settled[-1] / 1e6:.0f} MB")
    print(f"errors: {dict(seen['errors']) or 'none'}; {seen['received'][0] / 1e6:.1f} MB over the websockets")


if __name__ == "__main__":
    main()
