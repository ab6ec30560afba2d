"""At the door: whose name the app answers to, who may ask, how fast a body must come, and what browsers are told."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import logging
import socket
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from albumnet.web.errors import RefusedError, error_response
from albumnet.web.options import Limits

_LOGGER = logging.getLogger("albumnet.web")

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
UPLOAD_PATHS = frozenset({"/api/predict", *(f"/api/explain/{about}" for about in ("cover", "map", "change"))})
_SAFE_METHODS = ("GET", "HEAD")
_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


class Guard:
    """Middleware around everything.

    Args:
        app: What it guards.
        host: The address listened at.
        limits: Of bodies.
    """

    def __init__(self, app: ASGIApp, *, host: str, limits: Limits) -> None:
        self._app = app
        self._host = host
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, refuse to, or say that it went wrong; what went wrong is for the terminal."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        body = _Body(receive, headers, self._limits, is_upload=scope["path"] in UPLOAD_PATHS)

        is_answered = False

        async def send_guarded(message: Message) -> None:
            nonlocal is_answered
            if message["type"] == "http.response.start":
                is_answered = True
                answered = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    answered.setdefault(name, value)
                # A client that still sends its body would not see the answer to a connection that is closed on it.
                if not await body.drain():
                    answered["Connection"] = "close"
            await send(message)

        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await _answer_refusal(send_guarded, *refusal)
            return
        try:
            await self._app(scope, body.receive, send_guarded)
        except Exception:
            _LOGGER.exception("%s %s failed", scope["method"], scope["path"])
            if not is_answered:
                answer = error_response(
                    Request(scope), 500, "something went wrong; the terminal that serves this says what"
                )
                await answer(scope, body.receive, send_guarded)

    def _refusal(self, scope: Scope, headers: Headers) -> tuple[int, str] | None:
        name = headers.get("host", "")
        if not is_own_name(name, bound_to=self._host):
            return 400, "this app does not answer to that host name"
        is_api = scope["path"].startswith("/api/")
        if (is_api or scope["method"] not in _SAFE_METHODS) and not is_same_origin(headers, host=name):
            return 403, "only the app's own pages may ask this"
        return None


def is_own_name(host: str, *, bound_to: str) -> bool:
    """Whether a Host header names this app.

    A page of another site whose name was made to point here (DNS rebinding) sends that name. Addresses cannot be made
    to point anywhere, so where the app listens beyond loopback any of them will do.
    """
    name = _without_port(host)
    if name in _LOOPBACK_NAMES:
        return True
    if bound_to in _LOOPBACK_NAMES:
        return False
    return name in (bound_to, socket.gethostname().lower()) or _is_address(name)


def is_same_origin(headers: Mapping[str, str], *, host: str) -> bool:
    """Whether a request comes from the app's own pages, or from no page at all."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc.lower() == host.lower()


class _Body:
    """A request's body with a limit and a deadline."""

    def __init__(self, receive: Receive, headers: Headers, limits: Limits, *, is_upload: bool) -> None:
        self._receive = receive
        self._limits = limits
        self._n_left = limits.upload_bytes + limits.upload_overhead_bytes if is_upload else limits.body_bytes
        self._deadline = time.monotonic() + limits.body_s
        self._is_done = headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers
        self._is_given_up = False
        # Who asks first whether to send need not be told to.
        self._may_drain = "expect" not in headers

    async def receive(self) -> Message:
        if self._is_done:
            return await self._receive()
        try:
            async with asyncio.timeout(self._deadline - time.monotonic()):
                message = await self._receive()
        except TimeoutError:
            self._is_given_up = True
            raise RefusedError(408, f"the request took longer than {self._limits.body_s:g} s to arrive") from None
        self._is_done = message["type"] != "http.request" or not message.get("more_body", False)
        self._n_left -= len(message.get("body", b""))
        if self._n_left < 0:
            raise RefusedError(413, "the request is too large")
        return message

    async def drain(self) -> bool:
        """Read and throw away what is still to come, within limits; whether that was all."""
        if self._is_done or self._is_given_up or not self._may_drain:
            return self._is_done
        n_left = self._limits.drain_bytes
        try:
            async with asyncio.timeout(self._limits.drain_s):
                while not self._is_done and n_left > 0:
                    message = await self._receive()
                    n_left -= len(message.get("body", b""))
                    self._is_done = message["type"] != "http.request" or not message.get("more_body", False)
        except TimeoutError:
            self._is_given_up = True
        return self._is_done


def _without_port(host: str) -> str:
    host = host.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].rstrip(".")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


async def _answer_refusal(send: Send, status: int, message: str) -> None:
    body = json.dumps({"error": message}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
