"""Asking a web service politely: one request a second, who is asking, waiting when told to, and never asking twice."""

from __future__ import annotations

import email.utils
import hashlib
import http.client
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from albumnet.dataset.atomic import write_bytes
from albumnet.errors import SourceError

# Covers of 1200 pixels take 1 MB at most, pages of 100 release groups less.
MAX_BYTES = 32_000_000
_MAX_REDIRECTS = 3
_BUSY = (429, 503)
_PASSING = (500, 502, 504)
_MISSING = (404, 410)


@dataclass
class PoliteClient:
    """Fetches addresses once, and remembers what they gave on disk.

    Attributes:
        cache_dir: A file per address, named by its digest.
        user_agent: Who is asking, with a way to reach them.
        delay_s: From the start of one request to that of the next.
        timeout_s: For a connection to give anything.
        max_tries: Per address, before giving up.
        max_wait_s: The longest that a service may ask to wait.
        clock: Seconds that only grow.
        sleep: Waits.
        n_requests: Made so far.
    """

    cache_dir: Path
    user_agent: str
    delay_s: float = 1.0
    timeout_s: float = 30.0
    max_tries: int = 5
    max_wait_s: float = 300.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    n_requests: int = 0
    _next_at: float = field(default=float("-inf"), init=False)

    def get(self, address: str) -> bytes | None:
        """What an address gives; None where there is nothing (404).

        Redirects are followed, each address of a chain once.

        Raises:
            SourceError: If the service refuses, cannot be reached, or asks to wait for too long.
        """
        kept, missing = self._cache_file(address), self._cache_file(address, ".missing")
        if kept.is_file():
            return kept.read_bytes()
        if missing.is_file():
            return None
        data = self._follow(address)
        if data is None:
            write_bytes(missing, b"")
        else:
            write_bytes(kept, data)
        return data

    def _cache_file(self, address: str, suffix: str = "") -> Path:
        digest = hashlib.sha256(address.encode()).hexdigest()
        return self.cache_dir / digest[:2] / f"{digest}{suffix}"

    def _follow(self, address: str) -> bytes | None:
        seen = [address]
        while True:
            answer = self._ask_until_answered(seen[-1])
            if not isinstance(answer, _Redirect):
                return answer
            if answer.to in seen or len(seen) > _MAX_REDIRECTS:
                raise SourceError(f"{address} redirects in a circle or too often, last to {answer.to}")
            seen.append(answer.to)

    def _ask_until_answered(self, address: str) -> bytes | _Redirect | None:
        reason = ""
        for tried in range(self.max_tries):
            self._wait_for_turn()
            try:
                return self._ask(address)
            except _TryLaterError as later:
                reason = later.reason
                wait_s = later.wait_s if later.wait_s is not None else self.delay_s * 2 ** (tried + 1)
                if wait_s > self.max_wait_s:
                    raise SourceError(
                        f"{address}: {reason}, and asks to wait {wait_s:,.0f} s; run the same command again then, "
                        "what was fetched is kept"
                    ) from later
                self._next_at = max(self._next_at, self.clock() + wait_s)
        raise SourceError(
            f"{address}: {reason}, {self.max_tries} times; run the same command again later, what was fetched is kept"
        )

    def _wait_for_turn(self) -> None:
        if (wait_s := self._next_at - self.clock()) > 0:
            self.sleep(wait_s)
        self._next_at = self.clock() + self.delay_s

    def _ask(self, address: str) -> bytes | _Redirect | None:
        if urllib.parse.urlsplit(address).scheme not in ("http", "https"):
            raise SourceError(f"{address} is no web address; expected http or https")
        self.n_requests += 1
        request = urllib.request.Request(address, headers={"User-Agent": self.user_agent})
        try:
            with _OPENER.open(request, timeout=self.timeout_s) as response:
                return _read(response, address)
        except urllib.error.HTTPError as error:
            with error:
                return _judge_refusal(error, address)
        except (OSError, http.client.HTTPException) as error:  # includes URLError and timeouts
            reason = getattr(error, "reason", None) or error or type(error).__name__
            raise _TryLaterError(f"cannot be reached ({reason})") from error


@dataclass(frozen=True)
class _Redirect:
    to: str


class _TryLaterError(Exception):
    def __init__(self, reason: str, wait_s: float | None = None) -> None:
        super().__init__(reason)
        self.reason, self.wait_s = reason, wait_s


class _KeepRedirects(urllib.request.HTTPRedirectHandler):
    """Leaves redirects to the caller, who counts them as requests."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_KeepRedirects)


def _read(response: Any, address: str) -> bytes:
    data: bytes = response.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise SourceError(f"{address} gives more than {MAX_BYTES:,} bytes")
    promised = response.headers.get("Content-Length")
    if promised is not None and promised.isdigit() and len(data) < int(promised):
        raise _TryLaterError(f"broke off after {len(data):,} of {int(promised):,} bytes")
    return data


def _judge_refusal(error: urllib.error.HTTPError, address: str) -> _Redirect | None:
    if 300 <= error.code < 400 and (to := error.headers.get("Location")):
        return _Redirect(urllib.parse.urljoin(address, to))
    if error.code in _MISSING:
        return None
    if error.code in _BUSY:
        raise _TryLaterError(f"is busy ({error.code})", retry_after_s(error.headers.get("Retry-After")))
    if error.code in _PASSING:
        raise _TryLaterError(f"has trouble ({error.code})")
    said = error.read(300).decode("utf-8", "replace")
    raise SourceError(f"{address} refuses ({error.code} {error.reason}): {' '.join(said.split())}")


def retry_after_s(value: str | None) -> float | None:
    """Seconds to wait by a Retry-After, which is a number or a date; None where it says neither."""
    if not value:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        return max(email.utils.parsedate_to_datetime(value).timestamp() - time.time(), 0.0)
    except ValueError:
        return None
