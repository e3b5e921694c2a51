"""A PostgreSQL of the tests' own, from the system's package: one server a test process."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL

from sentiment_core.store.layout import sign
from sentiment_core.store.schema import metadata

# What is written need not outlive the tests: no waiting for the disk.
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "16MB",
    "autovacuum": "off",
    "max_connections": "150",
}


def binaries() -> Path | None:
    """Return the folder of the newest PostgreSQL that is installed; None without one."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if on_path := shutil.which("initdb"):
        found.append(Path(on_path).resolve().parent)
    return max(found, key=lambda path: int(path.parent.name) if path.parent.name.isdigit() else 0, default=None)


class Cluster:
    """A running server that is reached through a socket in its own folder."""

    def __init__(self, programs: Path) -> None:
        # A socket's path must be short, so pytest's own folders will not do.
        self.folder = Path(tempfile.mkdtemp(prefix="pg-"))
        self._programs = programs
        self._numbers = count(1)
        # PostgreSQL refuses to run as root.
        self._who: dict[str, Any] = {}
        if os.geteuid() == 0:
            who = account()
            self._who = {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}
            os.chown(self.folder, who.pw_uid, who.pw_gid)
        try:
            self._call("initdb", "-U", "tester", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
            self.start()
            self._admin = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT", pool_pre_ping=True)
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise

    def start(self) -> None:
        """Start the server, unless it runs, and wait until it answers."""
        if self.process() is not None:
            return
        options = " ".join(f"-c {name}='{value}'" for name, value in SETTINGS.items())
        log = self.folder / "log"
        self._call("pg_ctl", "-w", "-l", str(log), "-o", f"-k {self.folder} {options}", "start")

    def stop(self) -> None:
        """Stop the server at once, as a crash would: clients lose their connections, what was committed stays."""
        self._call("pg_ctl", "-w", "-m", "immediate", "stop")

    def process(self) -> psutil.Process | None:
        """Return the server's main process; None when it does not run."""
        try:
            found = psutil.Process(int((self.folder / "data" / "postmaster.pid").read_text().split()[0]))
        except (FileNotFoundError, psutil.NoSuchProcess):
            return None
        return found if found.status() != psutil.STATUS_ZOMBIE else None

    def kill(self) -> None:
        """Kill the server's main process; return when all that belonged to it have noticed and ended."""
        if (main := self.process()) is not None:
            others = main.children()
            main.kill()
            psutil.wait_procs([main, *others], timeout=30)

    def close(self) -> None:
        """Stop the server and delete all that it kept."""
        self._admin.dispose()
        with suppress(subprocess.CalledProcessError):
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str) -> str:
        """Return the URL of a database."""
        made = URL.create("postgresql+psycopg", "tester", database=database, query={"host": str(self.folder)})
        return made.render_as_string(hide_password=False)

    def create(self, name: str | None = None, of: str = "template1") -> str:
        """Return the name of a new database, a copy of one that nobody has open."""
        name = name or f"lab{next(self._numbers)}"
        with self._admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {of} STRATEGY file_copy"))
        return name

    def drop(self, name: str) -> None:
        """Delete a database; whoever is connected loses the connection."""
        with self._admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))

    def renew(self, name: str) -> None:
        """Make the store in a database a fresh one, sooner than a new database is made; who is connected is cut off."""
        others = "FROM pg_stat_activity WHERE datname = :name AND pid <> pg_backend_pid()"
        tables = ", ".join(table.name for table in metadata.sorted_tables)
        engine = create_engine(self.url(name))
        with engine.begin() as connection:
            connection.execute(text(f"SELECT pg_terminate_backend(pid) {others}"), {"name": name})
            connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY"))
            sign(connection)
        engine.dispose()

    def _call(self, program: str, *arguments: str) -> None:
        # Not a pipe: the server would inherit it, and whoever reads it would wait for the server's end.
        with tempfile.TemporaryFile() as said:
            command = [str(self._programs / program), "-D", str(self.folder / "data"), *arguments]
            done = subprocess.run(command, stdout=said, stderr=said, cwd=self.folder, check=False, **self._who)
            if done.returncode:
                said.seek(0)
                raise subprocess.CalledProcessError(done.returncode, command, said.read().decode())


def account() -> pwd.struct_passwd:
    """Return whom PostgreSQL runs as where the tests run as root, for which it refuses to run."""
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")
