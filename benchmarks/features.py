"""Features a second, side by side with peers, interleaved, one engine per process; JPEG decoding included.

    python benchmarks/features.py --vgg-weights vgg16.safetensors [--keras-python VENV/bin/python] [--covers DIR]

Engines: AlbumNet's own extraction into a store, by each of its engines; a plain PyTorch loop (float32, DataLoader with
num_workers=0, batch 32, Pillow without draft mode); ONNX Runtime on the same network, and Keras `VGG16.predict`, both
with AlbumNet's decoding. Without --covers, planted covers are drawn. Every engine computes the same covers in every
round. Medians and ratios of rounds are printed, and the share of what the machine's peaks, measured before and after,
would allow.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from limits import Limits

Round = Callable[[], int]
N_THREADS = 2
PEER_BATCH = 32


def main() -> None:
    """Run the rounds and print the table."""
    arguments = _parse()
    if arguments.engine:
        _serve(ENGINES[arguments.engine](arguments))
        return
    # Not above: the Python that Keras is in need not have PyTorch.
    from limits import measure_limits, print_limits

    with tempfile.TemporaryDirectory() as scratch:
        covers = arguments.covers or _draw_covers(Path(scratch) / "covers", n_covers=arguments.n_fast)
        engines = [
            e
            for e in ENGINES
            if ("vgg16" not in e or arguments.vgg_weights) and (e != "keras-vgg16" or arguments.keras_python)
        ]
        contents = [file.read_bytes() for file in sorted(covers.iterdir())[:100]]
        before = measure_limits(contents, threads=[N_THREADS])
        results = _interleave(engines, arguments, covers=covers)
        after = measure_limits(contents, threads=[N_THREADS])
    _print(results)
    bytes_per_cover = float(np.mean([len(content) for content in contents]))
    for title, limits in (("before", before), ("after", after)):
        print(f"\nlimits {title} the rounds")
        print_limits(limits)
        _print_shares(results, limits, bytes_per_cover=bytes_per_cover)


def _print_shares(results: dict[str, dict[str, list[float]]], limits: Limits, *, bytes_per_cover: float) -> None:
    """Of each network, in the type that AlbumNet runs it in, the share of what the peaks allow."""
    from albumnet.vision.engines.torch_engine import has_fast_bfloat16
    from limits import find_bound

    for name in ("vgg16", "efficientnet_lite0"):
        ours = _best(results, name)
        if ours is None:
            continue
        precision = "bfloat16" if name == "vgg16" and has_fast_bfloat16() else "float32"
        bound = find_bound(
            limits, backbone=name, precision=precision, threads=N_THREADS, bytes_per_cover=bytes_per_cover
        )
        share = statistics.median(results[ours]["rate"]) / bound.limit
        terms = ", ".join(f"{term} {rate:,.0f}" for term, rate in bound.rates.items())
        print(f"{ours}: {100 * share:.0f} % of {bound.limit:,.0f} covers/s ({terms}); {bound.binding} binds")


def _interleave(
    engines: list[str], arguments: argparse.Namespace, *, covers: Path
) -> dict[str, dict[str, list[float]]]:
    processes = {engine: _start(engine, arguments, covers) for engine in engines}
    results: dict[str, dict[str, list[float]]] = {engine: {"rate": [], "memory": []} for engine in engines}
    for round_number in range(arguments.rounds + 1):  # the first warms up
        for engine, process in processes.items():
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write("go\n")
            process.stdin.flush()
            answer = json.loads(process.stdout.readline())
            print(f"round {round_number} {engine}: {answer['rate']:.1f} covers/s", file=sys.stderr)
            if round_number:
                results[engine]["rate"].append(answer["rate"])
            results[engine]["memory"].append(answer["memory"])
    for process in processes.values():
        process.communicate("stop\n")
    return results


def _print(results: dict[str, dict[str, list[float]]]) -> None:
    rates = {engine: statistics.median(values["rate"]) for engine, values in results.items()}
    n_rounds = len(next(iter(results.values()))["rate"])
    print(f"{platform.machine()}, {N_THREADS} threads, medians of {n_rounds} rounds")
    for engine, rate in rates.items():
        memory = results[engine]["memory"]
        print(f"{engine:37} {rate:7.1f} covers/s   peak {memory[0]:5.0f} MB after a round, {memory[-1]:5.0f} after all")
    for name in ("vgg16", "efficientnet_lite0"):
        best = _best(results, name)
        for peer in (e for e in rates if e.endswith(name) and e != best and best):
            ratios = [a / b for a, b in zip(results[best]["rate"], results[peer]["rate"], strict=True)]
            print(f"{best} / {peer} = {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


def _best(results: dict[str, dict[str, list[float]]], name: str) -> str | None:
    """AlbumNet's fastest engine for this network."""
    ours = [e for e in results if e.startswith("albumnet") and e.endswith(name)]
    return max(ours, key=lambda engine: statistics.median(results[engine]["rate"]), default=None)


def _albumnet(name: str, engine: str) -> Callable[[argparse.Namespace], Round]:
    def prepare(arguments: argparse.Namespace) -> Round:
        import torch

        from albumnet.dataset import FeatureStore
        from albumnet.features import extract_features
        from albumnet.records import Album, MoodAliases
        from albumnet.sources.importing import covers_below, write_imported
        from albumnet.vision.decoding import decode_cover
        from albumnet.vision.engines.choosing import open_backbone, prepare_engine

        torch.set_num_threads(N_THREADS)
        files = _files(arguments, name)
        scratch = Path(tempfile.mkdtemp())
        albums = [Album(album_id=file.stem, cover_file=file.name) for file in files]
        album_set = write_imported(
            albums,
            load_cover=covers_below(arguments.covers),
            out=scratch,
            import_digest="benchmark",
            aliases=MoodAliases(),
        ).album_set
        weights = arguments.vgg_weights if name == "vgg16" else None
        backbone = open_backbone(name, weights=weights, engine=engine)
        trial = np.stack([decode_cover(file.read_bytes(), size=backbone.transform.size) for file in files[:8]])
        network = prepare_engine(backbone, trial_covers=trial, engine=engine)

        def one_round() -> int:
            FeatureStore.discard(album_set.features_dir(name))
            return extract_features(album_set, backbone, network=network).n_done

        return one_round

    return prepare


def _plain(name: str) -> Callable[[argparse.Namespace], Round]:
    def prepare(arguments: argparse.Namespace) -> Round:
        import torch
        from PIL import Image

        from albumnet.vision.backbones import load_backbone

        torch.set_num_threads(N_THREADS)
        backbone = load_backbone(name, weights=arguments.vgg_weights if name == "vgg16" else None)
        files = _files(arguments, name)

        class Covers(torch.utils.data.Dataset[torch.Tensor]):
            def __len__(self) -> int:
                return len(files)

            def __getitem__(self, n: int) -> torch.Tensor:
                with Image.open(files[n]) as image:
                    pixels = image.convert("RGB").resize((backbone.transform.size,) * 2, Image.Resampling.BICUBIC)
                return backbone.transform.normalise(torch.from_numpy(np.array(pixels))[None])[0].contiguous()

        def one_round() -> int:
            done = 0
            with torch.inference_mode():
                for batch in torch.utils.data.DataLoader(Covers(), batch_size=PEER_BATCH, num_workers=0):
                    done += len(backbone.module(batch).numpy())
            return done

        return one_round

    return prepare


def _onnxruntime(name: str) -> Callable[[argparse.Namespace], Round]:
    def prepare(arguments: argparse.Namespace) -> Round:
        import io

        import onnxruntime
        import torch

        from albumnet.vision.backbones import load_backbone
        from albumnet.vision.decoding import decode_cover

        backbone = load_backbone(name, weights=arguments.vgg_weights if name == "vgg16" else None)
        size, files = backbone.transform.size, _files(arguments, name)
        graph = io.BytesIO()
        example = torch.zeros(PEER_BATCH, 3, size, size)
        torch.onnx.export(
            backbone.module,
            (example,),
            graph,
            input_names=["covers"],
            dynamic_axes={"covers": {0: "n"}},
            dynamo=False,
        )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = N_THREADS
        session = onnxruntime.InferenceSession(graph.getvalue(), options, providers=["CPUExecutionProvider"])

        def one_round() -> int:
            done = 0
            for start in range(0, len(files), PEER_BATCH):
                pixels = np.stack(
                    [decode_cover(file.read_bytes(), size=size) for file in files[start : start + PEER_BATCH]]
                )
                covers = backbone.transform.normalise(torch.from_numpy(pixels)).contiguous().numpy()
                done += len(session.run(None, {"covers": covers})[0])
            return done

        return one_round

    return prepare


def _keras(arguments: argparse.Namespace) -> Round:
    import keras
    import tensorflow

    from albumnet.vision.decoding import decode_cover

    tensorflow.config.threading.set_intra_op_parallelism_threads(N_THREADS)
    # Speed does not depend on the values of the weights.
    model = keras.applications.VGG16(weights=None, include_top=False, input_shape=(224, 224, 3))
    files = _files(arguments, "vgg16")
    mean = np.array([103.939, 116.779, 123.68], dtype=np.float32)

    def one_round() -> int:
        done = 0
        for start in range(0, len(files), PEER_BATCH):
            pixels = np.stack([decode_cover(file.read_bytes(), size=224) for file in files[start : start + PEER_BATCH]])
            done += len(model.predict(pixels[..., ::-1].astype(np.float32) - mean, batch_size=PEER_BATCH, verbose=0))
        return done

    return one_round


ENGINES: dict[str, Callable[[argparse.Namespace], Round]] = {
    "albumnet-torch-vgg16": _albumnet("vgg16", "torch"),
    "albumnet-openvino-vgg16": _albumnet("vgg16", "openvino"),
    "plain-vgg16": _plain("vgg16"),
    "keras-vgg16": _keras,
    "onnxruntime-vgg16": _onnxruntime("vgg16"),
    "albumnet-torch-efficientnet_lite0": _albumnet("efficientnet_lite0", "torch"),
    "albumnet-openvino-efficientnet_lite0": _albumnet("efficientnet_lite0", "openvino"),
    "plain-efficientnet_lite0": _plain("efficientnet_lite0"),
    "onnxruntime-efficientnet_lite0": _onnxruntime("efficientnet_lite0"),
}


def _serve(one_round: Round) -> None:
    """In the engine's own process: a round per line on stdin, its rate and the peak memory so far on stdout."""
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        if line.strip() != "go":
            return
        start = time.perf_counter()
        done = one_round()
        rate = done / (time.perf_counter() - start)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"rate": rate, "memory": memory}), file=answers, flush=True)


def _start(engine: str, arguments: argparse.Namespace, covers: Path) -> subprocess.Popen[str]:
    python = arguments.keras_python if engine == "keras-vgg16" else sys.executable
    command = [
        str(python),
        __file__,
        "--engine",
        engine,
        "--covers",
        str(covers),
        "--n-slow",
        str(arguments.n_slow),
        "--n-fast",
        str(arguments.n_fast),
    ]
    if arguments.vgg_weights:
        command += ["--vgg-weights", str(arguments.vgg_weights)]
    source = Path(__file__).parent.parent / "src"
    environment = {**os.environ, "PYTHONPATH": str(source), "TF_CPP_MIN_LOG_LEVEL": "3"}
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)


def _files(arguments: argparse.Namespace, name: str) -> list[Path]:
    n_covers = arguments.n_slow if name == "vgg16" else arguments.n_fast
    files = sorted(path for path in arguments.covers.iterdir() if path.suffix in (".jpg", ".jpeg"))
    return files[:n_covers]


def _draw_covers(directory: Path, *, n_covers: int) -> Path:
    from albumnet.planted import draw_world, write_world

    world = draw_world(n_albums=n_covers, rng=np.random.default_rng(0), cover_size=500)
    return write_world(world, directory).parent / "covers"


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--vgg-weights", type=Path, help="safetensors file; without it VGG-16 is left out")
    parser.add_argument("--keras-python", type=Path, help="a Python with tensorflow, keras and pillow")
    parser.add_argument("--covers", type=Path, help="folder of JPEG covers")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--n-slow", type=int, default=64, help="covers a round for VGG-16")
    parser.add_argument("--n-fast", type=int, default=384, help="covers a round for EfficientNet-Lite0")
    parser.add_argument("--engine", choices=list(ENGINES), help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
