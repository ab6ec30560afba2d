"""What is served, where, and how much of anything a request may take."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Limits:
    """What one request, and all of them together, may take.

    Attributes:
        upload_bytes: A picture's size.
        upload_overhead_bytes: Of a form besides the picture: boundaries, headers, genres and year.
        body_bytes: Any other request's body.
        header_bytes: A request's line and headers.
        n_uploads: Uploads that are read, decoded and answered at the same time.
        uploads_bytes: What they may hold together, by what they announce.
        n_waiting: Uploads that wait for their turn; more are refused with 429.
        wait_s: How long they wait.
        body_s: How long a body may take to arrive.
        header_s: How long a request's headers may take to arrive.
        decode_s: How long a decoder may take before it is killed.
        answer_s: How long a decoded cover may wait for its moods.
        n_explaining: Explanations that are computed or wait for their turn; more are refused with 429.
        explain_s: How long a question may wait for its explanation.
        drain_bytes: Of a refused body, how much is read and thrown away, so that the client sees the answer.
        drain_s: For how long.
        n_connections: Open at the same time; more are answered with 503.
        thumbnails_bytes: Of the thumbnails' file.
        thumbnails_in_memory: How many are kept there.
    """

    upload_bytes: int = 20 * 2**20
    upload_overhead_bytes: int = 64 * 2**10
    body_bytes: int = 2 * 2**20
    header_bytes: int = 16 * 2**10
    n_uploads: int = 32
    uploads_bytes: int = 160 * 2**20
    n_waiting: int = 64
    wait_s: float = 10.0
    body_s: float = 30.0
    header_s: float = 10.0
    decode_s: float = 10.0
    answer_s: float = 30.0
    n_explaining: int = 8
    explain_s: float = 30.0
    drain_bytes: int = 64 * 2**20
    drain_s: float = 3.0
    n_connections: int = 600
    thumbnails_bytes: int = 256 * 2**20
    thumbnails_in_memory: int = 4096


@dataclass(frozen=True)
class ServeOptions:
    """What `albumnet serve` was asked for.

    Attributes:
        album_set: Folder of the set; None to serve a model alone.
        model: Folder of the run; None to serve a set alone.
        mood_map: Folder of the set's map; None to use the one in the app folder, or make it there.
        recommender: Folder of a recommender fitted to the set; None where nobody's likes are known.
        engine: What runs the model's backbone: auto (the fastest here) | torch | onnx | openvino.
        weights: The backbone's weights file, if it no longer lies where it lay.
        host: Address to listen at.
        port: Port to listen at; 0 for any that is free.
        app_dir: The only folder that is written to; None for one in the user's cache folder.
        limits: See `Limits`.
    """

    album_set: Path | None = None
    model: Path | None = None
    mood_map: Path | None = None
    recommender: Path | None = None
    engine: str = "auto"
    weights: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8700
    app_dir: Path | None = None
    limits: Limits = field(default_factory=Limits)
