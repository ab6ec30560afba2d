"""What a GPU gives: features a second by backbone, with the share of the chip's peak, and training at the full size.

    python benchmarks/gpu.py [--vgg-weights vgg16.safetensors] [--parts features training] [--albums 127467]

Limits: matrix products and convolutions by type, memory and the way to it, decoding by this machine's cores. Features:
every backbone on decoded covers that lie in the GPU's memory (plain float32, as AlbumNet runs it, and the same compiled
by torch.compile, with how long that takes), then from files to a feature store, decoding included. Training: the four
models by both presets on drawn features of as many albums as asked for, from a feature store on disk to a trained head.
Rates are medians of rounds that take turns. vgg16 is left out without weights; the ViT has drawn ones, since speed does
not depend on their values.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from albumnet.dataset import AlbumSet, FeatureStore
    from albumnet.training.data import TrainingData
    from albumnet.vision.backbones import Backbone
    from albumnet.vision.engines.torch_engine import TorchEngine

VIT = "timm:vit_small_patch16_224"
N_MOODS, N_METADATA, EMBEDDING = 167, 60, 100
_ROUNDS = 7
_PIXELS_ON_GPU = 256


def main() -> None:
    """Measure what was asked for and print it."""
    arguments = _parse()
    if not torch.cuda.is_available():
        raise SystemExit("PyTorch finds no CUDA device here; benchmarks/features.py and training.py are for processors")
    print(f"{torch.cuda.get_device_name()}, {os.cpu_count()} cores, torch {torch.__version__}", flush=True)
    peaks = print_limits()
    if "features" in arguments.parts:
        with tempfile.TemporaryDirectory() as folder:
            album_set = _draw_set(Path(folder), n_covers=arguments.covers)
            print_decoding(album_set)
            for backbone in _backbones(arguments, Path(folder)):
                if arguments.backbones and backbone.name not in arguments.backbones:
                    continue
                print_features(backbone, album_set, peaks=peaks, is_compiled=not arguments.no_compile)
    if "training" in arguments.parts:
        for preset in arguments.presets:
            print_training(preset, models=arguments.models, n_albums=arguments.albums, n_epochs=arguments.epochs)


def print_limits() -> dict[str, float]:
    """The chip's peaks; type -> the better of matrix product and convolution, TFLOP/s."""
    peaks = {}
    for name, dtype in (("float16", torch.float16), ("bfloat16", torch.bfloat16), ("float32 (TF32)", torch.float32)):
        torch.backends.cuda.matmul.allow_tf32 = True
        first, second = (torch.randn(8192, 8192, device="cuda", dtype=dtype) for _ in range(2))
        product = 2e-12 * 8192**3 / _best(lambda a=first, b=second: a @ b)
        conv = torch.nn.Conv2d(256, 256, 3, padding=1, bias=False, device="cuda", dtype=dtype)
        conv = conv.to(memory_format=torch.channels_last)
        pixels = torch.randn(256, 256, 56, 56, device="cuda", dtype=dtype).to(memory_format=torch.channels_last)
        with torch.inference_mode():
            convolved = 2e-12 * 256 * 256 * 256 * 9 * 56 * 56 / _best(lambda c=conv, p=pixels: c(p))
        torch.backends.cuda.matmul.allow_tf32 = False
        peaks[name] = max(product, convolved)
        print(f"{name:15} matrix product {product:6.0f} TFLOP/s, convolution {convolved:6.0f}")
    there, here = torch.empty(2**30, dtype=torch.uint8, device="cuda"), torch.empty(2**30, dtype=torch.uint8)
    pinned = torch.empty(2**28, dtype=torch.uint8, pin_memory=True)
    copied = 2 * 2**30 / _best(lambda: there[: 2**29].copy_(there[2**29 :])) / 2
    print(f"memory          {copied / 1e9:,.0f} GB/s, read and written")
    for name, source in (("pinned", pinned), ("pageable", here[: 2**28])):
        rate = 2**28 / _best(lambda source=source: there[: 2**28].copy_(source, non_blocking=True))
        print(f"to the GPU      {rate / 1e9:,.1f} GB/s from {name} memory", flush=True)
    return peaks


def print_decoding(album_set: AlbumSet) -> None:
    """Covers a second decoded by one core, and by all of them as extraction has them decoded."""
    from albumnet.dataset.covers import read_cover
    from albumnet.features.batches import decoded_batches
    from albumnet.vision.backbones import load_backbone

    backbone = load_backbone("efficientnet_lite0")
    covers = list(dict.fromkeys(album.cover for album in album_set.albums if album.cover))
    size = np.mean([len(album_set.read_cover(cover)) for cover in covers[:200]])
    for n_workers in (1, os.cpu_count() or 1):
        some = covers[: 600 * n_workers]
        started = time.perf_counter()
        for _ in decoded_batches(
            some,
            read_cover=partial(read_cover, album_set.covers_dir),
            transform=backbone.transform,
            failures=[],
            batch_size=256,
            n_workers=n_workers,
        ):
            pass
        rate = len(some) / (time.perf_counter() - started)
        print(f"decoding        {rate:,.0f} covers/s by {n_workers} ({size / 1000:.0f} kB each)", flush=True)


def print_features(backbone: Backbone, album_set: AlbumSet, *, peaks: dict[str, float], is_compiled: bool) -> None:
    """One backbone: in the GPU's memory, and from files to a store."""
    from albumnet.dataset import FeatureStore
    from albumnet.features import extract_features
    from albumnet.vision.decoding import decode_cover
    from albumnet.vision.engines import torch_engine

    names = [album.cover for album in album_set.albums[:_PIXELS_ON_GPU] if album.cover]
    covers = np.stack([decode_cover(album_set.read_cover(name), size=backbone.transform.size) for name in names])
    gflop = _gflop_per_cover(backbone)
    engine = torch_engine.prepare(backbone, trial_covers=covers[:32], device="cuda")
    exact = torch_engine.prepare(backbone, trial_covers=covers[:2], device="cuda", precision="float32")
    pixels = torch.from_numpy(covers).cuda()
    forwards = {f"{engine.precision}, as features runs it": engine, "float32 (TF32)": exact}
    runs = {title: _run_of(forward, pixels) for title, forward in forwards.items()}
    if is_compiled:
        started = time.perf_counter()
        compiled = replace(engine, forward=torch_engine.compiled(engine.forward, batch_size=len(covers)))
        runs[f"{engine.precision}, compiled"] = _run_of(compiled, pixels)
        runs[f"{engine.precision}, compiled"]()
        torch.cuda.synchronize()
        print(f"{backbone.name}: torch.compile took {time.perf_counter() - started:.0f} s")
    print(f"{backbone.name}: {gflop:.2f} GFLOP a cover; {engine.precision}, cosine to float32 {engine.agreement:.5f}")
    for title, seconds in _take_turns(runs).items():
        rate = len(covers) / statistics.median(seconds)
        peak = peaks[engine.precision if title.startswith(engine.precision) else "float32 (TF32)"]
        share = rate * gflop / 1000 / peak
        spread = f"{len(covers) / max(seconds):,.0f} to {len(covers) / min(seconds):,.0f}"
        print(f"  {title:30} {rate:9,.0f} covers/s ({spread}), {100 * share:.0f} % of the peak")
    rates = []
    for _ in range(3):
        FeatureStore.discard(album_set.features_dir(backbone.name))
        result = extract_features(album_set, backbone, network=engine)
        rates.append(result.n_done / result.seconds)
    spread = f"{min(rates):,.0f} to {max(rates):,.0f}"
    print(f"  {'from files to a store':30} {statistics.median(rates):9,.0f} covers/s ({spread})", flush=True)


def print_training(preset: str, *, models: Sequence[str], n_albums: int, n_epochs: int | None) -> None:
    """Models by one preset, to the end or for some epochs of one trial."""
    from albumnet.models.heads import HeadShape
    from albumnet.models.presets import get_model, get_preset
    from albumnet.training.decoding import DECODED_FROM
    from albumnet.training.loop import train_head

    chosen = get_preset(preset)
    if n_epochs:
        chosen = replace(chosen, max_epochs=n_epochs, smoothings=chosen.smoothings[:1], strengths=chosen.strengths[:1])
    shape = (2688,) if chosen.is_pooled else (512, 7, 7)
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        latent, store = _write_features(Path(folder), n_albums=n_albums, shape=shape)
        print(
            f"preset {preset}: {n_albums:,} albums with {int(np.prod(shape)):,} features, drawn and written in "
            f"{time.perf_counter() - started:.0f} s",
            flush=True,
        )
        for model in models:
            kind = get_model(model)
            if chosen.space == "decoded" and kind.uses_vectors:
                kind = replace(kind, output=DECODED_FROM[kind.output])
            started = time.perf_counter()
            data = _training_data(latent, store, is_pooled=chosen.is_pooled)
            reading = time.perf_counter() - started
            sizes = HeadShape(int(np.prod(shape)), N_METADATA, N_MOODS, EMBEDDING if kind.uses_vectors else 0)
            torch.cuda.reset_peak_memory_stats()
            _, history, _ = train_head(data, kind=kind, preset=chosen, shape=sizes, seed=0, device="cuda")
            seconds, memory = time.perf_counter() - started, torch.cuda.max_memory_allocated() / 2**30
            epoch_ms = 1000 * statistics.median(epoch.seconds for epoch in history)
            best = min(epoch.valid_loss for epoch in history)
            print(
                f"  model {model} {seconds:7.1f} s ({reading:.1f} to read features), {len(history)} epochs of "
                f"{epoch_ms:,.0f} ms, {memory:.1f} GiB of the GPU's memory, "
                f"validation loss {history[0].valid_loss:.3f} to {best:.3f}",
                flush=True,
            )
            del data


def _backbones(arguments: argparse.Namespace, folder: Path) -> Iterator[Backbone]:
    from albumnet.vision.backbones import load_backbone

    yield load_backbone("efficientnet_lite0")
    if arguments.vgg_weights:
        yield load_backbone("vgg16", weights=arguments.vgg_weights)
    import timm
    from safetensors.torch import save_file

    torch.manual_seed(0)
    drawn = folder / "vit.safetensors"
    save_file(timm.create_model(VIT.removeprefix("timm:"), pretrained=False).state_dict(), drawn)
    yield load_backbone(VIT, weights=drawn)


def _gflop_per_cover(backbone: Backbone) -> float:
    from torch.utils.flop_counter import FlopCounterMode

    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        backbone.module.cuda()(torch.zeros(1, 3, *[backbone.transform.size] * 2, device="cuda"))
    return counter.get_total_flops() / 1e9


def _run_of(engine: TorchEngine, pixels: torch.Tensor) -> Callable[[], object]:
    def run() -> object:
        with torch.inference_mode():
            return engine.forward(engine.backbone.transform.normalise(pixels))

    return run


def _take_turns(runs: dict[str, Callable[[], object]]) -> dict[str, list[float]]:
    seconds: dict[str, list[float]] = {title: [] for title in runs}
    for n in range(_ROUNDS + 2):  # the first two warm up
        for title, run in runs.items():
            with _timed(seconds[title] if n > 1 else []):
                for _ in range(4):
                    run()
    return {title: [value / 4 for value in values] for title, values in seconds.items()}


@contextmanager
def _timed(into: list[float]) -> Iterator[None]:
    torch.cuda.synchronize()
    started = time.perf_counter()
    yield
    torch.cuda.synchronize()
    into.append(time.perf_counter() - started)


def _best(work: Callable[[], object]) -> float:
    seconds: list[float] = []
    for n in range(_ROUNDS):
        with _timed(seconds if n else []):
            for _ in range(5):
                work()
    return min(seconds) / 5


def _draw_set(folder: Path, *, n_covers: int) -> AlbumSet:
    from albumnet.records import Album, MoodAliases
    from albumnet.sources.importing import covers_below, write_imported

    (folder / "covers").mkdir()
    starts = range(0, n_covers, 250)
    with ProcessPoolExecutor() as pool:
        list(pool.map(_draw_covers, [folder / "covers"] * len(starts), starts, [n_covers] * len(starts)))
    files = sorted((folder / "covers").iterdir())
    return write_imported(
        [Album(album_id=file.stem, cover_file=file.name) for file in files],
        load_cover=covers_below(folder / "covers"), out=folder / "set", import_digest="drawn", aliases=MoodAliases(),
    ).album_set  # fmt: skip


def _draw_covers(folder: Path, start: int, n_covers: int) -> None:
    from albumnet.planted import draw_cover, draw_world

    world = draw_world(n_albums=n_covers, rng=np.random.default_rng(0), cover_size=500)
    for n in range(start, min(start + 250, n_covers)):
        (folder / f"{n:06}.jpg").write_bytes(draw_cover(world, n))


def _write_features(folder: Path, *, n_albums: int, shape: Sequence[int]) -> tuple[torch.Tensor, FeatureStore]:
    """Features that follow 32 hidden numbers of each album, half of them noise; those numbers, and the store."""
    from albumnet.dataset import FeatureManifest, FeatureStore

    generator = torch.Generator("cuda").manual_seed(0)
    latent = torch.randn(n_albums, 32, generator=generator, device="cuda")
    mixing = torch.randn(32, int(np.prod(shape)), generator=generator, device="cuda") / 32**0.5
    store = FeatureStore(folder, FeatureManifest("drawn", "w" * 16, "t" * 12, tuple(shape), {}))
    for start in range(0, n_albums, 8192):
        part = latent[start : start + 8192] @ mixing
        part = (part + torch.randn(part.shape, generator=generator, device="cuda")).relu_().half()
        store.append([f"{start + n:064x}" for n in range(len(part))], part.cpu().numpy().reshape(-1, *shape))
    return latent, store


def _training_data(latent: torch.Tensor, store: FeatureStore, *, is_pooled: bool) -> TrainingData:
    """Moods at a rate of 5 % and metadata that follow the same numbers; 80 % to learn from, 10 % to choose by."""
    from albumnet.training.data import TrainingData
    from albumnet.training.feature_sources import StoredFeatures
    from albumnet.training.losses import top_mood_columns

    generator = torch.Generator("cuda").manual_seed(1)
    n_albums = len(latent)
    closeness = latent @ torch.randn(32, N_MOODS, generator=generator, device="cuda") / 32**0.5
    closeness += torch.randn(closeness.shape, generator=generator, device="cuda")
    relevance = (closeness - closeness.quantile(0.95, dim=1, keepdim=True)).clamp_min(0)
    metadata = latent @ torch.randn(32, N_METADATA, generator=generator, device="cuda")
    labels = torch.randn(N_MOODS, EMBEDDING, generator=generator, device="cuda")
    rows = torch.randperm(n_albums, generator=torch.Generator().manual_seed(2))
    n_train, n_known = n_albums * 8 // 10, n_albums * 9 // 10
    return TrainingData(
        features=StoredFeatures(store, [f"{n:064x}" for n in range(n_albums)], is_pooled=is_pooled, device="cuda"),
        metadata=(metadata > 1).float().cpu(),
        target=(relevance > 0).float().cpu(),
        top_moods=top_mood_columns(relevance).cpu(),
        labels=torch.nn.functional.normalize(labels, dim=1).cpu(),
        train=rows[:n_train],
        valid=rows[n_train:n_known],
    )


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--vgg-weights", type=Path, help="safetensors file; without it vgg16 is left out")
    parser.add_argument("--parts", nargs="+", choices=("features", "training"), default=["features", "training"])
    parser.add_argument("--presets", nargs="+", choices=("small", "seed"), default=["small", "seed"])
    parser.add_argument("--models", nargs="+", choices=("1", "2", "3", "4"), default=["1", "2", "3", "4"])
    parser.add_argument("--epochs", type=int, help="of one trial, for the time of one; to the end if not given")
    parser.add_argument("--backbones", nargs="+", help="by name; all three if not given")
    parser.add_argument("--covers", type=int, default=12_000, help="how many are drawn and read")
    parser.add_argument("--albums", type=int, default=127_467, help="how many are trained on")
    parser.add_argument("--no-compile", action="store_true", help="leave torch.compile out")
    return parser.parse_args()


if __name__ == "__main__":
    main()
