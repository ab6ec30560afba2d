"""The app on a socket, and a client that sends it what a test wants, well-formed or not."""

import contextlib
import http.client
import io
import json
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from fastapi import FastAPI
from PIL import Image

from albumnet.web.options import Limits, ServeOptions
from albumnet.web.server import listen, run


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self) -> str:
        """The one line that every error is."""
        (message,) = self.json.values()
        assert "\n" not in message
        assert "Traceback" not in message
        return message


@dataclass(frozen=True)
class Client:
    """Asks the app at a port."""

    port: int

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, headers=headers)

    def post(self, path: str, body: bytes, **headers: str) -> Answer:
        return self.ask("POST", path, body, headers=headers)

    def ask(self, method: str, path: str, body: bytes | None = None, *, headers: dict[str, str]) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, named)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())

    def read_cover(
        self, data: bytes, *, genres: Sequence[str] = (), year: object = None, name: str = "c.jpg"
    ) -> Answer:
        return self.send_cover("/api/predict", data, genres=genres, year=year, name=name)

    def send_cover(
        self, path: str, data: bytes, *, genres: Sequence[str] = (), year: object = None, name: str = "c.jpg"
    ) -> Answer:
        body, content_type = make_form(data, genres=genres, year=year, name=name)
        return self.post(path, body, Content_Type=content_type)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def raw(self, request: bytes) -> bytes:
        """Everything that comes back for some bytes, until the app closes the connection."""
        with self.connect() as connection:
            connection.sendall(request)
            parts = []
            with contextlib.suppress(ConnectionResetError):
                while part := connection.recv(65536):
                    parts.append(part)
            return b"".join(parts)


@contextlib.contextmanager
def serving(app: FastAPI, *, limits: Limits | None = None) -> Iterator[Client]:
    """Serve an app on a free port of the loopback, on a thread."""
    listener = listen(ServeOptions(port=0))
    is_ready, servers = threading.Event(), []
    thread = threading.Thread(
        target=run,
        args=(app, listener, limits or Limits()),
        kwargs={"on_ready": is_ready.set, "on_made": servers.append},
        daemon=True,
    )
    thread.start()
    deadline = time.monotonic() + 60
    while not is_ready.wait(0.05):
        assert thread.is_alive()
        assert time.monotonic() < deadline
    try:
        yield Client(listener.getsockname()[1])
    finally:
        servers[0].should_exit = True
        thread.join(20)
        assert not thread.is_alive()


def make_form(
    data: bytes, *, genres: Sequence[str] = (), year: object = None, name: str = "c.jpg"
) -> tuple[bytes, str]:
    """A form's body and content type."""
    parts = [
        f'Content-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: image/jpeg\r\n\r\n'.encode()
        + data
    ]
    fields = [("genres", genre) for genre in genres] + ([("year", str(year))] if year is not None else [])
    parts += [f'Content-Disposition: form-data; name="{field}"\r\n\r\n{value}'.encode() for field, value in fields]
    body = b"".join(b"--BOUNDARY\r\n" + part + b"\r\n" for part in parts) + b"--BOUNDARY--\r\n"
    return body, "multipart/form-data; boundary=BOUNDARY"


def draw_jpeg(seed: int = 0, *, size: int = 300) -> bytes:
    """Some colourful JPEG."""
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8))
    file = io.BytesIO()
    small.resize((size, size), Image.Resampling.BICUBIC).save(file, "JPEG", quality=90)
    return file.getvalue()
