"""Fetching one large file: resumed where it broke off, retried, limited in size, checked before it gets its name."""

from __future__ import annotations

import hashlib
import re
import time
from dataclasses import dataclass
from pathlib import Path

import requests
from requests.exceptions import InvalidSchema, InvalidURL, MissingSchema
from urllib3.exceptions import HTTPError

from sentiment_core.errors import DownloadError
from sentiment_core.progress import Progress

CHUNK = 1 << 16
TIMEOUT = (10, 30)  # seconds to connect, seconds between two packets
ATTEMPTS = 5
FIRST_PAUSE = 1.0  # seconds; doubled with each failure in a row
GOOD_PROGRESS = 1 << 20  # bytes after which a broken connection counts as the first failure again
REPORT_EVERY = 0.2  # seconds


class _Retry(Exception):
    """Something that may be gone at the next attempt."""


@dataclass(frozen=True)
class Download:
    """A file to fetch from `url` to `target`; a `.part` file beside it carries an unfinished one to the next call."""

    url: str
    target: Path
    md5: str | None  # None: not checked
    max_bytes: int
    what: str  # begins the messages
    advice: str  # ends the errors about a wrong address or file
    progress: Progress

    @property
    def part(self) -> Path:
        """Return where the unfinished file lies."""
        return self.target.with_name(self.target.name + ".part")

    def fetch(self) -> None:
        """Download and check the file; raise `DownloadError` and remove it when it is not the expected one."""
        resumed = _size(self.part) > 0
        self._complete()
        if resumed and not self._is_expected():
            # The older half may be of another version of the file: one clean start tells.
            self.part.unlink()
            self._complete()
        if not self._is_expected():
            self.part.unlink()
            raise DownloadError(
                f"{self.url} sent another file than expected (its MD5 is not {self.md5}); it was removed. "
                f"Try again later. {self.advice}"
            )
        self.part.replace(self.target)

    def _is_expected(self) -> bool:
        if self.md5 is None:
            return True
        self.progress(f"{self.what}: checking the file", None)
        with self.part.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest() == self.md5

    def _complete(self) -> None:
        failures = 0
        while True:
            before = _size(self.part)
            try:
                return self._attempt()
            except _Retry as error:
                size = _size(self.part)
                failures = 1 if size - before >= GOOD_PROGRESS else failures + 1
                if failures >= ATTEMPTS:
                    raise DownloadError(
                        f"{self.what} cannot be downloaded from {self.url}: {error}. Check the network and try again; "
                        f"{size / 1e6:.1f} MB are kept."
                    ) from error
                self.progress(f"{self.what}: {error}; trying again ({failures} of {ATTEMPTS - 1})", None)
                time.sleep(FIRST_PAUSE * 2 ** (failures - 1))

    def _attempt(self) -> None:
        start = _size(self.part)
        # Without compression in transit: byte ranges and the checksum are those of the file itself.
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
        self.progress(f"{self.what}: connecting", None)
        try:
            with requests.get(self.url, headers=headers, stream=True, timeout=TIMEOUT) as response:
                if (
                    start
                    and response.status_code == 416
                    and response.headers.get("Content-Range") == f"bytes */{start}"
                ):
                    return
                self._save(response, self._check_answer(response, start))
        except (InvalidURL, InvalidSchema, MissingSchema) as error:
            raise DownloadError(f"{self.url[:200]!r} is not a web address. {self.advice}") from error
        except (requests.RequestException, HTTPError) as error:
            raise _Retry(_reason(error)) from error

    def _check_answer(self, response: requests.Response, start: int) -> int:
        """Return the byte at which the answer's body begins: `start`, or 0 from a server that ignores ranges."""
        status = response.status_code
        if status == 200:
            return 0
        if status == 206 and re.match(rf"bytes {start}-", response.headers.get("Content-Range", "")):
            return start
        if status in (206, 416):
            self.part.unlink(missing_ok=True)
            raise _Retry("the unfinished download does not fit the server's file")
        if status in (408, 425, 429) or status >= 500:
            raise _Retry(f"the server answers {status} {response.reason}")
        raise DownloadError(f"{self.url} answers {status} {response.reason}. {self.advice}")

    def _save(self, response: requests.Response, start: int) -> None:
        length = response.headers.get("Content-Length", "")
        total = start + int(length) if length.isdecimal() else None
        done, reported = start, 0.0
        try:
            with self.part.open("ab" if start else "wb") as file:
                for chunk in response.raw.stream(CHUNK, decode_content=False):
                    done += len(chunk)
                    if done > self.max_bytes:
                        break
                    file.write(chunk)
                    if time.monotonic() - reported > REPORT_EVERY:
                        reported = time.monotonic()
                        of = f" of {total / 1e6:.1f}" if total else ""
                        message = f"{self.what}: {done / 1e6:.1f}{of} MB downloaded"
                        self.progress(message, min(1.0, done / total) if total else None)
        except OSError as error:
            raise DownloadError(
                f"cannot write {self.part}: {error.strerror or error}. "
                "Free some space, or set SENTIMENT_HOME elsewhere."
            ) from error
        if done > self.max_bytes:
            self.part.unlink(missing_ok=True)
            raise DownloadError(f"{self.url} sends more than {self.max_bytes / 1e6:,.0f} MB. {self.advice}")


def _reason(error: Exception) -> str:
    if isinstance(error, requests.exceptions.SSLError):
        return "the server's certificate is not valid"
    if isinstance(error, requests.Timeout):
        return "the server does not answer"
    if isinstance(error, requests.ConnectionError):
        return "the server cannot be reached"
    return "the connection broke"


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
