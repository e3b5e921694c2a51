"""compose.yaml where there is no Docker: its services as processes in namespaces, on a network of their own.

    unshare --net --mount python -m benchmarks.composed [--scale 2]     # root, Linux, iproute2, util-linux, PostgreSQL

Commands, environments, dependencies and health checks are read from the file. A service has its own process numbers,
host name, network, /tmp/ray, /dev/shm and user, and is started again when it has ended, as Docker does. Not the same:
there is no image, the program is the one that this Python has installed; PostgreSQL is the system's.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import psutil
import yaml

from sentiment_core.processes import ProcessIdentity
from tests.postgres import account, binaries

ROOT = Path(__file__).resolve().parents[1]
NETWORK = "10.77.0"
USER = 1000  # whom `useradd` makes in the Dockerfile
SECRETS = {"POSTGRES_PASSWORD": "for-this-run-alone", "RAY_AUTH_TOKEN": "0123456789abcdef" * 4}
# What the Dockerfile sets.
IMAGE = {"SENTIMENT_HOME": "/data", "PYTHONUNBUFFERED": "1", "RAY_USAGE_STATS_ENABLED": "0", "USER": "lab"}
PLACES = ("/data", "/tmp/ray", "/opt/sentiment-lab", "/run/netns")  # where containers find things
INSIDE = """
hostname "$1"; folder="$2"; user="$3"; group="$4"; shift 4
mount -t tmpfs -o size=1g tmpfs /dev/shm
mount --bind "$folder/ray" /tmp/ray && mount --bind "$folder/run" /run/postgresql
exec setpriv --reuid "$user" --regid "$group" --clear-groups env -i "$@"
"""


def run(*command: str) -> None:
    """Run a command; raise `CalledProcessError` where it fails."""
    subprocess.run(command, check=True)


def filled(text: str) -> str:
    """Return a text of compose.yaml with its variables."""
    return re.sub(r"\$\{(\w+):[?-]([^}]*)\}", lambda found: SECRETS.get(found[1], found[2]), text)


class Service:
    """A service of compose.yaml that runs, and is started again whenever it has ended."""

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        self.name = name
        self._own = folder / name
        user, group = (str(USER),) * 2
        if name == "postgres":
            user, group = (str(number) for number in (account().pw_uid, account().pw_gid))
        for each in ("ray", "run", "home"):
            (self._own / each).mkdir(parents=True)
            os.chown(self._own / each, int(user), int(group))
        programs = [Path(sys.executable).parent, binaries(), "/usr/bin", "/bin"]
        variables = {"PATH": ":".join(map(str, programs)), **environment, "HOME": str(self._own / "home")}
        self._as = [user, group, *(f"{key}={value}" for key, value in variables.items())]
        self._command = command
        self._over = threading.Event()
        self._process: psutil.Popen | None = None
        self._thread = threading.Thread(target=self._keep, name=name, daemon=True)

    def start(self) -> None:
        """Start it in a network of its own; `address` is its address there."""
        number = len(list((self._own.parent).glob("*/run"))) + 1
        self.address = f"{NETWORK}.{number}"
        run("ip", "netns", "add", self.name)
        run("ip", "link", "add", f"lab{number}", "type", "veth", "peer", "name", "eth0", "netns", self.name)
        run("ip", "link", "set", f"lab{number}", "master", "lab", "up")
        run("ip", "-n", self.name, "addr", "add", f"{self.address}/24", "dev", "eth0")
        for interface in ("lo", "eth0"):
            run("ip", "-n", self.name, "link", "set", interface, "up")
        with Path("/etc/hosts").open("a") as hosts:
            hosts.write(f"{self.address} {self.name}\n")
        self._thread.start()

    @property
    def first(self) -> psutil.Process | None:
        """Its first process, with which all others of it end."""
        with suppress(psutil.NoSuchProcess):
            if self._process is not None:
                return next(iter(self._process.children()), None)
        return None

    def kill(self) -> bool:
        """End all its processes as the machine's failure would; False where it is just being started."""
        first = self.first
        if first is not None:
            with suppress(psutil.NoSuchProcess):
                first.kill()
                return True
        return False

    def says(self, check: Sequence[str]) -> bool:
        """Whether a health check of compose.yaml, asked inside the service, succeeds."""
        first = self.first
        command = ["sh", "-c", filled(check[1])] if check[0] == "CMD-SHELL" else [*check[1:]]
        entered = ["nsenter", "--all", f"--target={first.pid}" if first else "", "setpriv", f"--reuid={self._as[0]}"]
        inside = [*entered, f"--regid={self._as[1]}", "--clear-groups", "env", "-i", *self._as[2:], *command]
        return first is not None and subprocess.run(inside, check=False, capture_output=True).returncode == 0

    def stop(self) -> None:
        """End it for good."""
        self._over.set()
        self.kill()
        if self._process is not None:
            self._process.kill()
        self._thread.join(10)

    def _keep(self) -> None:
        shell = ["sh", "-c", INSIDE, "sh", self.name, str(self._own), *self._as, *self._command]
        apart = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--uts", "--ipc", "--", *shell]
        with (self._own / "log").open("ab") as log:
            while not self._over.is_set():
                command = ["ip", "netns", "exec", self.name, *apart]
                # A session of its own has a share of the processor of its own.
                self._process = psutil.Popen(
                    command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
                )
                self._process.wait()
                self._over.wait(1.0)


class Composed:
    """All services of compose.yaml; their shared home is `folder/data`."""

    def __init__(self, folder: Path, workers: int) -> None:
        """Raise `RuntimeError` outside of a network of one's own, and without PostgreSQL."""
        if os.geteuid() or len(socket.if_nameindex()) > 1:
            raise RuntimeError("needs root in namespaces: unshare --net --mount python -m …")
        found = binaries()
        if found is None:
            raise RuntimeError("PostgreSQL is not installed here (Debian: apt-get install postgresql)")
        self._programs = found
        self._folder, self._workers = folder, workers
        folder.chmod(0o755)
        self.home = folder / "data"
        self.services: dict[str, Service] = {}
        self.store_url = f"postgresql+psycopg://lab:{SECRETS['POSTGRES_PASSWORD']}@postgres/lab"

    def __enter__(self) -> Self:
        """Start everything, in the order of its dependencies; raise `TimeoutError` where that takes too long."""
        self._prepare()
        told: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
        while told:
            ready = next(name for name in told if not told.keys() & told[name].get("depends_on", {}))
            service = told.pop(ready)
            names = [f"{ready}-{number}" for number in range(1, 1 + self._workers)] if "deploy" in service else [ready]
            for name in names:
                environment = {key: filled(value) for key, value in service.get("environment", {}).items()}
                command = service.get("command") or self._postgres()
                made = self.services[name] = Service(name, command, {**IMAGE, **environment}, self._folder)
                made.start()
                if "healthcheck" in service:
                    until(lambda: made.says(service["healthcheck"]["test"]), name)  # noqa: B023
        return self

    def __exit__(self, *details: object) -> None:
        for service in reversed(self.services.values()):
            service.stop()
            subprocess.run(["ip", "netns", "delete", service.name], check=False)

    def find(self, worker: ProcessIdentity) -> psutil.Process | None:
        """Return the living process of a worker inside a service."""
        for service in self.services.values():
            with suppress(psutil.NoSuchProcess, OSError):
                if (first := service.first) is None or os.readlink(f"/proc/{first.pid}/ns/pid") not in worker.host:
                    continue
                for process in first.children(recursive=True):
                    numbers = re.search(r"^NSpid:.*\s(\d+)$", Path(f"/proc/{process.pid}/status").read_text(), re.M)
                    same = numbers is not None and int(numbers[1]) == worker.pid
                    if same and process.status() != psutil.STATUS_ZOMBIE:
                        return process
        return None

    def _prepare(self) -> None:
        self.home.mkdir()
        os.chown(self.home, USER, USER)
        hosts = self._folder / "hosts"
        hosts.write_text("127.0.0.1 localhost\n")
        run("mount", "--bind", str(hosts), "/etc/hosts")
        for place in PLACES:
            Path(place).mkdir(parents=True, exist_ok=True)
        run("mount", "-t", "tmpfs", "tmpfs", "/run/netns")
        run("mount", "--bind", str(self.home), "/data")
        run("mount", "--bind", str(ROOT), "/opt/sentiment-lab")
        run("ip", "link", "set", "lo", "up")
        run("ip", "link", "add", "lab", "type", "bridge")
        run("ip", "addr", "add", f"{NETWORK}.1/24", "dev", "lab")
        run("ip", "link", "set", "lab", "up")

    def _postgres(self) -> list[str]:
        """Do what the image of PostgreSQL does at its first start; return its command."""
        data, password = self._folder / "postgres-data", self._folder / "password"
        password.write_text(SECRETS["POSTGRES_PASSWORD"])
        data.mkdir()
        for each in (data, password):
            shutil.chown(each, account().pw_uid, account().pw_gid)
        who = {"user": account().pw_uid, "group": account().pw_gid, "extra_groups": [], "cwd": "/"}
        made = [str(self._programs / "initdb"), "-D", str(data), "-U", "lab", f"--pwfile={password}", "-E", "UTF8"]
        subprocess.run([*made, "--auth-local=trust"], check=True, stdout=subprocess.DEVNULL, **who)
        single = [str(self._programs / "postgres"), "--single", "-D", str(data), "postgres"]
        subprocess.run(single, input=b"CREATE DATABASE lab;\n", check=True, stdout=subprocess.DEVNULL, **who)
        with (data / "pg_hba.conf").open("a") as rules:
            rules.write("host all all all scram-sha-256\n")
        return [str(self._programs / "postgres"), "-D", str(data), "-c", "listen_addresses=*"]


def until(condition: Callable[[], bool], name: str, seconds: float = 180.0) -> None:
    """Wait until something holds; raise `TimeoutError`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{name} is not ready after {seconds:.0f} s")
        time.sleep(0.5)


def main() -> None:
    """Run everything until the end of the input."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=int, default=2, help="nodes that work")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with tempfile.TemporaryDirectory() as folder, Composed(Path(folder), options.scale) as composed:
        for service in composed.services.values():
            print(f"{service.name}: {service.address}, log {folder}/{service.name}/log", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
