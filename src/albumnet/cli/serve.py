"""`albumnet serve`: the web app."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from albumnet.cli.options import EngineName, resolve_run
from albumnet.cli.output import ProgressPrinter, command, note
from albumnet.progress import ProgressCallback

if TYPE_CHECKING:
    from albumnet.web.options import ServeOptions

_STARTER, _NO_MODEL = "starter", "none"
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@command
def serve(
    album_set: Annotated[Path | None, typer.Option("--set", metavar="SET", help="Albums to show.")] = None,
    library: Annotated[
        Path | None, typer.Option("--library", metavar="DIR", help="Folder of music whose albums to show.")
    ] = None,
    model: Annotated[
        str,
        typer.Option("--model", metavar="RUN", help="Model that reads covers: a folder, starter, or none for none."),
    ] = _STARTER,
    mood_map: Annotated[
        Path | None, typer.Option("--map", metavar="MAP", help="The set's map; made at first start if not given.")
    ] = None,
    recommender: Annotated[
        Path | None, typer.Option("--recommend", metavar="REC", help="A recommender fitted to the set.")
    ] = None,
    host: Annotated[str, typer.Option("--host", help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes any free one.")] = 8700,
    app_dir: Annotated[
        Path | None, typer.Option("--app-dir", metavar="DIR", help="The only folder written to.")
    ] = None,
    engine: EngineName = "auto",
    weights: Annotated[
        Path | None, typer.Option("--weights", help="safetensors file of the backbone's weights.")
    ] = None,
) -> None:
    """Read covers, walk on the map, look at albums.

    In a browser; end with Ctrl-C.
    """
    from albumnet.web.options import ServeOptions

    if album_set is not None and library is not None:
        raise typer.BadParameter("give a set or a folder of music, not both", param_hint="--library")
    _run(
        ServeOptions(
            album_set=album_set,
            model=None if model == _NO_MODEL else resolve_run(Path(model)),
            mood_map=mood_map,
            recommender=recommender,
            engine=engine,
            weights=weights,
            host=host,
            port=port,
            app_dir=app_dir,
        ),
        library=library,
    )


def _run(options: ServeOptions, *, library: Path | None) -> None:
    # Before numpy is there. Its threads wait for each other by spinning: between the small products of an answer they
    # took half of two processors, and a quarter of the covers a second.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from albumnet.web.app import create_app
    from albumnet.web.server import listen, run

    # The port first: what follows may take minutes.
    with contextlib.closing(listen(options)) as listener:
        if library is not None:
            options = _with_library(options, library, progress=ProgressPrinter())
        app = create_app(options, progress=ProgressPrinter())
        for line in app.state.albumnet.notes:
            note(f"albumnet: note: {line}")
        if options.host not in _LOOPBACK:
            note(f"albumnet: warning: {options.host} can be reached from other machines, and the app has no passwords")
        name = f"[{options.host}]" if ":" in options.host else options.host
        address = f"http://{name}:{listener.getsockname()[1]}/"
        run(app, listener, options.limits, on_ready=lambda: print(f"AlbumNet is at {address}", flush=True))


def _with_library(options: ServeOptions, library: Path, *, progress: ProgressCallback) -> ServeOptions:
    """The options with the set of a music library, which has all the features that the model needs."""
    from dataclasses import replace

    from albumnet import pipeline
    from albumnet.models.prediction import load_model

    opened = pipeline.open_library(library, progress=progress)
    for failure in opened.failures:
        note(f"albumnet: note: left out {failure.item}: {failure.reason}")
    if options.model is not None:
        model = load_model(options.model, weights=options.weights, engine=options.engine)
        pipeline.complete_features(opened, model, progress=progress)
    return replace(options, album_set=opened.album_set.path)
