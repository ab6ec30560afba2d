"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from albumnet.cli.output import folder_or_url, one_of
from albumnet.models.presets import MODELS, PRESETS, SPACES
from albumnet.vision.engines.base import ENGINES

if TYPE_CHECKING:
    from albumnet.scale import RayOptions

Set = Annotated[Path, typer.Argument(metavar="SET", parser=folder_or_url, help="A folder, or s3://… and the like.")]
BackboneName = Annotated[str, typer.Option("--backbone", help="efficientnet_lite0, vgg16, or timm:<model name>.")]
Weights = Annotated[Path | None, typer.Option("--weights", help="safetensors file of the backbone's weights.")]
Convention = Annotated[
    str | None,
    typer.Option(
        "--convention",
        callback=one_of("caffe", "torchvision"),
        help="Pixel convention of vgg16 weights: caffe or torchvision.",
    ),
]
Device = Annotated[str, typer.Option("--device", callback=one_of("auto", "cpu", "cuda"), help="auto, cpu or cuda.")]
Precision = Annotated[
    str,
    typer.Option(
        "--precision",
        callback=one_of("auto", "float32", "bfloat16", "amp"),
        help="auto, float32, bfloat16 or amp.",
    ),
]
TrainingPrecision = Annotated[
    str,
    typer.Option(
        "--precision",
        callback=one_of("auto", "float32", "bfloat16"),
        help="auto, float32, or bfloat16 for the products of hidden layers.",
    ),
]
EngineName = Annotated[
    str,
    typer.Option("--engine", callback=one_of(*ENGINES), help="auto (the fastest here), torch, onnx or openvino."),
]
Model = Annotated[str, typer.Option("--model", callback=one_of(*MODELS), help=f"{', '.join(MODELS)}.")]
Models = Annotated[
    list[str], typer.Option("--model", callback=one_of(*MODELS), help=f"{', '.join(MODELS)}; may be repeated.")
]


def resolve_run(run: Path | None) -> Path | None:
    """The folder of a model that was asked for by name."""
    from albumnet.models.run import find_run

    return None if run is None else find_run(run)


Run = Annotated[
    Path,
    typer.Option(
        "--model",
        metavar="RUN",
        parser=folder_or_url,
        callback=resolve_run,
        help="Folder of a trained model, or starter.",
    ),
]
PresetName = Annotated[
    str, typer.Option("--preset", callback=one_of(*PRESETS), help="small, or seed for the origin's layers.")
]
Space = Annotated[
    str | None,
    typer.Option(
        "--space",
        callback=one_of(*SPACES),
        help="Models 3 and 4: regressed on the moods' vectors as in the origin, or decoded from logits (preset small).",
    ),
]
NewRun = Annotated[Path, typer.Option("--out", metavar="RUN", parser=folder_or_url, help="Folder of the run.")]
Finetune = Annotated[
    int,
    typer.Option(
        "--finetune", metavar="BLOCKS", min=0, help="Train the backbone's last blocks too, through the pixels."
    ),
]
Resume = Annotated[bool, typer.Option("--resume", help="Continue a training that was cut off.")]
MinAlbums = Annotated[int, typer.Option("--min-albums-per-mood", min=1, help="Rarer moods are left out.")]
Vectors = Annotated[
    Path | None, typer.Option("--vectors", help="Word vectors, GloVe text format; packaged ones if not given.")
]
Force = Annotated[bool, typer.Option("--force", help="Replace what is there.")]
On = Annotated[
    str, typer.Option("--on", callback=one_of("here", "ray"), help="here, or ray for workers on one or many machines.")
]
Address = Annotated[
    str | None, typer.Option("--address", help="Of a running Ray cluster; without it workers start on this machine.")
]
Workers = Annotated[
    int | None, typer.Option("--workers", min=1, help="With --on ray: how many; one per processor if not given.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def ray_options(on: str, address: str | None, workers: int | None, *, device: str) -> RayOptions | None:
    """What --on, --address and --workers say together; None for no Ray."""
    if on == "here":
        if address is not None or workers is not None:
            raise typer.BadParameter("goes with --on ray", param_hint="--address" if address else "--workers")
        return None
    from albumnet.scale import RayOptions

    return RayOptions(address=address, n_workers=workers, device=device)
