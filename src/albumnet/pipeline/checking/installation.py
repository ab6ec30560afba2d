"""What is installed, and whether the parts that AlbumNet brings along can be used."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import re
from collections.abc import Callable, Iterator

from albumnet.errors import AlbumNetError
from albumnet.pipeline.checking.checks import Check, State

# Extras for those who change AlbumNet, not for those who use it.
_FOR_DEVELOPERS = ("dev", "docs")
_REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)(?:\[(?P<extras>[\w,\s-]+)\])?")
_OF_EXTRA = re.compile(r"extra == ['\"](?P<extra>[\w-]+)['\"]")


def check_installation() -> tuple[Check, ...]:
    """Look at the interpreter, each extra, the packaged word vectors, the backbone's weights and the processor."""
    versions = f"albumnet {importlib.metadata.version('albumnet')}, Python {platform.python_version()}"
    return (
        Check("installation", State.OK, f"{versions}, {platform.system()} {platform.machine()}"),
        *(_check_extra(name) for name in _list_extras()),
        _try("word vectors", _describe_words),
        _try("backbone", _describe_backbone),
        Check("processor", State.OK, _describe_processor()),
    )


def _list_extras() -> tuple[str, ...]:
    names = importlib.metadata.metadata("albumnet").get_all("Provides-Extra") or []
    return tuple(name for name in names if name not in _FOR_DEVELOPERS)


def _check_extra(name: str) -> Check:
    lacking = sorted({package for package in _packages_of(name) if not _is_installed(package)})
    if lacking:
        return Check(
            f"extra {name}", State.ABSENT, f"lacks {', '.join(lacking)}; pip install 'albumnet[{name}]' if it is wanted"
        )
    return Check(f"extra {name}", State.OK, "installed")


def _packages_of(extra: str) -> Iterator[str]:
    """Packages that an extra asks for, those of the extras that it names too."""
    for requirement in importlib.metadata.requires("albumnet") or []:
        of_extra, asked = _OF_EXTRA.search(requirement), _REQUIREMENT.match(requirement)
        if of_extra is None or asked is None or of_extra["extra"] != extra:
            continue
        if asked["name"] != "albumnet":
            yield asked["name"]
            continue
        for other in (asked["extras"] or "").split(","):
            yield from _packages_of(other.strip())


def _is_installed(package: str) -> bool:
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _try(what: str, describe: Callable[[], str | None]) -> Check:
    try:
        told = describe()
    except (AlbumNetError, OSError, ValueError) as error:
        return Check(what, State.BROKEN, f"{error}; install albumnet again")
    if told is None:
        return Check(what, State.ABSENT, "features of new covers need pip install 'albumnet[train]'")
    return Check(what, State.OK, told)


def _describe_words() -> str:
    from albumnet.moodspace import load_packaged_vectors

    vectors = load_packaged_vectors()
    return f"{len(vectors.words):,} packaged words of {vectors.vectors.shape[1]} numbers"


def _describe_backbone() -> str:
    from albumnet.vision.engines.choosing import open_backbone

    backbone = open_backbone("efficientnet_lite0")
    return f"{backbone.name}, weights {backbone.weights_digest}"


def _describe_processor() -> str:
    cores = f"{os.cpu_count()} cores"
    if importlib.util.find_spec("torch") is None:
        return cores
    import torch

    if torch.cuda.is_available():
        return f"{cores}, {torch.cuda.get_device_name()}"
    return f"{cores}, no GPU that PyTorch can use"
