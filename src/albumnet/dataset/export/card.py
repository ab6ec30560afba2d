"""The card of an exported set, as Hugging Face shows it: what is in it, where it came from, what one may do with it."""

from __future__ import annotations

from albumnet.dataset.album_set import AlbumSet
from albumnet.dataset.card import write_card

_SIZES = (1_000, 10_000, 100_000, 1_000_000)
_COVERS = {
    "files": "The covers are in it, as files. They belong to their labels and artists: pass them on only if you may.",
    "addresses": "The covers are not in it; `cover_address` says where each was, where that is known.",
    "none": "The covers are not in it.",
}
_FILES = {
    "csv": "`albums.csv`: a row per album; lists are separated by `|`. With covers as files, `albumnet import table "
    "albums.csv --covers covers --out SET` reads it back.",
    "parquet": "`data.parquet`: a row per album.",
    "huggingface": "A folder or file for each side, as `datasets.load_dataset` finds them.",
}


def write_dataset_card(album_set: AlbumSet, *, kind: str, covers: str, left_out: int) -> str:
    """The card as Markdown with the header that the hub reads."""
    lacking = (
        f"{left_out:,} albums without a cover are left out: an image folder has no place for them." if left_out else ""
    )
    parts = [
        "---",
        "license: other",
        "license_name: see-provenance",
        "task_categories:\n- image-classification",
        "tags:\n- music\n- album-covers\n- mood\n- multi-label",
        f"size_categories:\n- {_size(len(album_set.albums))}",
        *(_configs() if kind == "huggingface" and covers != "files" else []),
        "---\n",
    ]
    sections = [
        f"# {album_set.path.name}: albums and their moods",
        "Albums with mood tags, strongest first: several per album, and an absent mood was not denied, only not given. "
        "The sides are artist-disjoint.",
        _FILES[kind],
        _COVERS[covers],
        *([lacking] if lacking else []),
        # The set's own card, one level down.
        "\n".join(f"#{line}" if line.startswith("#") else line for line in write_card(album_set).splitlines()),
    ]
    return "\n".join(parts) + "\n" + "\n\n".join(sections) + "\n"


def _configs() -> list[str]:
    sides = "\n".join(f"  - split: {side}\n    path: data/{side}.parquet" for side in ("train", "validation", "test"))
    return [f"configs:\n- config_name: default\n  data_files:\n{sides}"]


def _size(n_albums: int) -> str:
    names = ("n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M")
    return names[sum(n_albums >= size for size in _SIZES)]
