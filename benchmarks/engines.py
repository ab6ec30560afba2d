"""Engines side by side on one set's covers, taking turns: covers a second, and whether they say the same.

    python benchmarks/engines.py S [--backbone vgg16 --weights FILE] [--int8]

Every engine reads the same decoded covers, batch by batch at its own batch size; the median of its turns is printed,
and its ratio to PyTorch as `albumnet features --engine torch` runs it. "Same ranking" is the share of covers whose ten
likeliest moods by the starter model (efficientnet_lite0 only) come in the order of plain float32. --int8 adds ONNX
Runtime with weights and activations in 8 bits, calibrated on other covers of the set, which AlbumNet does not use.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

from albumnet.dataset import AlbumSet
from albumnet.errors import EngineError
from albumnet.models.prediction import load_model
from albumnet.vision.backbones import load_backbone
from albumnet.vision.decoding import decode_cover
from albumnet.vision.engines import onnx_engine, openvino_engine, torch_engine
from albumnet.vision.engines.agreement import share_of_same_rankings, smallest_cosine
from albumnet.vision.engines.base import Engine
from albumnet.vision.engines.choosing import graph_of

N_CALIBRATION = 64


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("album_set", type=Path)
    parser.add_argument("--backbone", default="efficientnet_lite0")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--covers", type=int, default=256)
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--int8", action="store_true")
    options = parser.parse_args()
    backbone = load_backbone(options.backbone, weights=options.weights)
    pixels = read_pixels(AlbumSet(options.album_set), options.covers + N_CALIBRATION, backbone.transform)
    covers, others = pixels[: options.covers], pixels[options.covers :]
    engines: dict[str, Engine] = {
        "torch, as features runs it": torch_engine.prepare(backbone, trial_covers=covers[:8], device="cpu"),
        "torch, plain float32": torch_engine.plain(backbone),
        "onnx": onnx_engine.prepare(graph_of(backbone)),
    }
    if openvino_engine.is_installed():
        for precision in ("float32", "bfloat16"):
            engines[f"openvino, {precision}"] = openvino_engine.prepare(graph_of(backbone), precision=precision)
    if options.int8:
        engines["onnx, int8 (not used)"] = quantised(graph_of(backbone).content, others, batch_size=4)
    plain = run(engines["torch, plain float32"], covers)
    model = load_model("starter") if options.backbone == "efficientnet_lite0" else None
    rates = take_turns(engines, covers, n_turns=options.turns)
    first = statistics.median(rates["torch, as features runs it"])
    print(f"{'engine':28s} covers/s  ratio  smallest cosine  same ranking")
    for name, engine in engines.items():
        found, rate = run(engine, covers), statistics.median(rates[name])
        same = "" if model is None else f"{share_of_same_rankings(model.rank_by(plain), model.rank_by(found)):.3f}"
        print(f"{name:28s} {rate:8.1f} {rate / first:6.2f} {smallest_cosine(plain, found):16.6f} {same:>13s}")


def read_pixels(album_set: AlbumSet, n_covers: int, transform) -> np.ndarray:
    """Decoded covers of a set."""
    names = list(dict.fromkeys(album.cover for album in album_set.albums if album.cover))[:n_covers]
    return np.stack(
        [
            decode_cover(album_set.read_cover(n), size=transform.size, interpolation=transform.interpolation)
            for n in names
        ]
    )


def take_turns(engines: dict[str, Engine], covers: np.ndarray, *, n_turns: int) -> dict[str, list[float]]:
    """Covers a second of every engine in every turn; what one turn slows down, it slows down for all."""
    rates: dict[str, list[float]] = {name: [] for name in engines}
    for engine in engines.values():
        run(engine, covers[: engine.batch_size])
    for _ in range(n_turns):
        for name, engine in engines.items():
            some = covers[: 4 * engine.batch_size]
            start = time.perf_counter()
            run(engine, some)
            rates[name].append(len(some) / (time.perf_counter() - start))
    return rates


def run(engine: Engine, covers: np.ndarray) -> np.ndarray:
    """Features of covers at the engine's batch size."""
    steps = range(0, len(covers), engine.batch_size)
    return np.concatenate([engine.features(covers[n : n + engine.batch_size]) for n in steps])


def quantised(content: bytes, covers: np.ndarray, *, batch_size: int) -> Engine:
    """The graph in 8 bits: per channel, activations calibrated on some covers."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Covers(CalibrationDataReader):
        def __init__(self) -> None:
            self.batches = iter([{"cover": covers[n : n + 1]} for n in range(len(covers))])

        def get_next(self):
            return next(self.batches, None)

    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plain, low = Path(folder, "plain.onnx"), Path(folder, "int8.onnx")
        plain.write_bytes(content)
        quantize_static(
            plain, low, Covers(), quant_format=QuantFormat.QDQ, per_channel=True,
            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, op_types_to_quantize=["Conv", "Add"],
        )  # fmt: skip
        return onnx_engine.OnnxEngine(batch_size, onnx_engine.open_session(low.read_bytes()), precision="int8")


if __name__ == "__main__":
    try:
        main()
    except EngineError as error:
        raise SystemExit(str(error)) from error
