"""The app on a socket: where it listens, how long it waits for slow clients, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Callable
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from albumnet.errors import ServeError
from albumnet.web.options import Limits, ServeOptions

_KEEP_ALIVE_S = 15
_SHUTDOWN_S = 3
_TAKEN = (errno.EADDRINUSE,)


def listen(options: ServeOptions) -> socket.socket:
    """A listening socket, before anything slow is opened.

    Raises:
        ServeError: If the port is taken, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    # Only where the protocol is named does asyncio turn Nagle's delay off: 40 ms for an answer in two writes.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((options.host, options.port))
    except OSError as error:
        listener.close()
        what = "is taken" if options.port and error.errno in _TAKEN else "cannot be used"
        raise ServeError(
            f"{options.host} port {options.port} {what} ({error.strerror}); choose another with --host and --port"
        ) from error
    return listener


def run(
    app: FastAPI,
    listener: socket.socket,
    limits: Limits,
    *,
    on_ready: Callable[[], None],
    on_made: Callable[[uvicorn.Server], None] = lambda _server: None,
) -> None:
    """Serve until interrupted, or until the server that `on_made` was given is told that it `should_exit`."""
    _allow_open_files(2 * limits.n_connections)
    server = _Server(make_config(app, limits), on_ready)
    on_made(server)
    # The server has ended its work in order by then; Ctrl-C is how a person closes it.
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[listener])


def make_config(app: FastAPI, limits: Limits) -> uvicorn.Config:
    """How uvicorn is to behave."""

    class Protocol(PunctualProtocol):
        header_s = limits.header_s

    return uvicorn.Config(
        app,
        http=Protocol,
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        h11_max_incomplete_event_size=limits.header_bytes,
        limit_concurrency=limits.n_connections,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_SHUTDOWN_S,
    )


def _allow_open_files(n_files: int) -> None:
    """Some systems start programs with 256, fewer than the connections that are taken."""
    try:
        import resource
    except ImportError:  # not on Windows
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = n_files if hard == resource.RLIM_INFINITY else min(n_files, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class PunctualProtocol(H11Protocol):
    """uvicorn's protocol, which closes a connection whose request does not arrive; uvicorn itself waits for ever."""

    header_s = 10.0
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Start the clock."""
        super().connection_made(transport)
        self._start()

    def data_received(self, data: bytes) -> None:
        """Stop the clock as soon as a request is there."""
        super().data_received(data)
        is_answering = self.cycle is not None and not self.cycle.response_complete
        if is_answering or self.transport.is_closing():
            self._stop()
        elif self._timer is None:
            self._start()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._stop()
        super().connection_lost(exc)

    def _start(self) -> None:
        self._timer = self.loop.call_later(self.header_s, self.transport.close)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Say when connections are taken."""
        await super().startup(sockets)
        if not self.should_exit:
            self._on_ready()
