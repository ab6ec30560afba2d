"""A new study: covers drawn, stripped of all that could name them, and put into an order of its own for each rater."""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from albumnet.dataset import AlbumSet
from albumnet.errors import CoverError, StudyError
from albumnet.metrics import thirds_of_frequency
from albumnet.moodspace import embed_labels, load_packaged_vectors, mood_families, moods_with_vectors
from albumnet.records import Album
from albumnet.study.answers.store import AnswerBook
from albumnet.study.folder import PICTURES, STUDY_FILE, Key, KeyItem, Rater, Study, TrainingItem, write_study
from albumnet.vision.decoding import decode_cover

if TYPE_CHECKING:
    from jaxtyping import Bool, Int

PICTURE_SIDE = 640
_QUALITY = 88
WITHOUT_FAMILY = "Others"
MAX_NAME = 60
EXPLANATIONS = (
    "A cover to practise on; it does not count. Look at it, type the beginning of a mood that it suggests, and take it "
    "with Enter. As many moods as you like. Enter on an empty line saves and goes on.",
    "Order matters: the strongest mood comes first. Move a mood with its arrows. All moods also lie in families below, "
    "for when no word comes to mind.",
    "If a cover tells you nothing, say “can’t tell”: it is an answer like any other. You can go back and change what "
    "you said. From the next cover on, answers count.",
)


@dataclass(frozen=True)
class StudyOptions:
    """What a study is to be.

    Attributes:
        raters: Names, each once.
        n_covers: That count.
        moods: To choose from; None for all of the set's.
        n_repeats: Covers that each rater is shown twice.
        is_stratified: Whether albums with rare moods are drawn as often as those with common ones only.
        side: The side of the set's split that covers are drawn from; models learn from "train" and are calibrated on
            "valid".
        seed: Of items and orders.
    """

    raters: tuple[str, ...]
    n_covers: int = 50
    moods: tuple[str, ...] | None = None
    n_repeats: int = 5
    is_stratified: bool = False
    side: str = "test"
    seed: int = 0


@dataclass(frozen=True)
class Created:
    """A new study, and each rater's private token, which is kept nowhere."""

    study: Study
    tokens: dict[str, str]


def create_study(album_set: AlbumSet, out: Path, options: StudyOptions, *, force: bool = False) -> Created:
    """Draw covers and write the study's folder.

    Raises:
        StudyError: If there are too few albums, a rater's name is no name, or the folder holds a study already.
        VocabularyMismatchError: If a mood is not the set's.
    """
    _check(options)
    _make_room(out, force=force)
    vocabulary = album_set.vocabulary
    moods = tuple(vocabulary.names[vocabulary.index(m)] for m in options.moods) if options.moods else vocabulary.names
    moods = tuple(sorted(set(moods), key=str.casefold))
    rng = np.random.default_rng(options.seed)
    candidates = [a for a in album_set.albums if a.moods and a.cover and album_set.splits[a.album_id] == options.side]
    if len(candidates) < options.n_covers:
        raise StudyError(
            f"{options.n_covers} covers are wanted, but the {options.side} side of {album_set.path} has "
            f"{len(candidates)} albums with moods and a cover; ask for fewer with --covers"
        )
    target = vocabulary.target([a.moods for a in candidates]).astype(bool)
    chosen = draw_items(target, n_items=options.n_covers, is_stratified=options.is_stratified, rng=rng)
    practice = _draw_practice(album_set, [candidates[n] for n in chosen], rng=rng)
    albums = [*(candidates[n] for n in chosen), *practice]
    ids = [_item_id(rng) for _ in albums]
    for item, album in zip(ids, albums, strict=True):
        _write_picture(album_set, album, out / PICTURES / f"{item}.jpg")
    counted = ids[: len(chosen)]
    study = Study(
        path=out,
        study_id=_item_id(rng) + _item_id(rng),
        moods=moods,
        families=_families(moods),
        items=tuple(sorted(counted)),
        training=tuple(TrainingItem(i, text) for i, text in zip(ids[len(chosen) :], EXPLANATIONS, strict=False)),
        raters=tuple(Rater(name, draw_order(counted, n_repeats=options.n_repeats, rng=rng)) for name in options.raters),
        drawn="stratified" if options.is_stratified else "random",
        seed=options.seed,
    )
    key = Key(
        album_set=str(album_set.path.resolve()),
        albums_digest=album_set.digest,
        items={
            item: KeyItem(album.album_id, album.artist, album.title, album.cover or "", album.moods)
            for item, album in zip(ids, albums, strict=True)
        },
        shares=dict(zip(vocabulary.names, target.mean(axis=0).tolist(), strict=True)),
    )
    with AnswerBook(study.answers_file) as book:
        tokens = {rater.name: book.give_link(rater.name) for rater in study.raters}
    write_study(study, key)
    return Created(study, tokens)


def draw_items(
    target: Bool[np.ndarray, "N M"], *, n_items: int, is_stratified: bool, rng: np.random.Generator
) -> Int[np.ndarray, " n"]:
    """Draw albums: each as likely as any other, or as many from each third of moods by frequency.

    Stratified, an album belongs to the third of its rarest mood; a third that has too few gives all it has.
    """
    if not is_stratified:
        return rng.permutation(len(target))[:n_items]
    third_of_mood = thirds_of_frequency(target.sum(axis=0))
    third = np.where(target, third_of_mood, 3).min(axis=1)
    shuffled = rng.permutation(len(target))
    # The n-th album of each third comes in the n-th round.
    turn = np.empty(len(target), dtype=np.int64)
    for t in range(4):
        members = shuffled[third[shuffled] == t]
        turn[members] = np.arange(len(members))
    return shuffled[np.lexsort((third[shuffled], turn[shuffled]))][:n_items]


def draw_order(items: Sequence[str], *, n_repeats: int, rng: np.random.Generator) -> tuple[str, ...]:
    """All items in random order; some of the first half come again in the last third."""
    order = [items[n] for n in rng.permutation(len(items))]
    again = [order[n] for n in rng.permutation(max(len(order) // 2, 1))[:n_repeats]]
    for item in again:
        earliest = max(order.index(item) + 2, 2 * len(order) // 3)
        order.insert(int(rng.integers(min(earliest, len(order)), len(order) + 1)), item)
    return tuple(order)


def _check(options: StudyOptions) -> None:
    if not options.raters or options.n_covers < 2:
        raise StudyError("a study needs at least one rater and two covers; give --raters anna,ben --covers 50")
    for name in options.raters:
        if not name or len(name) > MAX_NAME or not name.isprintable():
            raise StudyError(f"{name!r} is no rater's name; give 1 to {MAX_NAME} printable letters")
    if len(set(options.raters)) < len(options.raters):
        raise StudyError(f"raters {', '.join(options.raters)}: each name may be given once")
    if options.n_repeats > options.n_covers // 2:
        raise StudyError(f"{options.n_repeats} repeats of {options.n_covers} covers; at most half can be repeated")


def _make_room(out: Path, *, force: bool) -> None:
    if (out / STUDY_FILE).exists() and not force:
        raise StudyError(f"{out} holds a study already, perhaps with answers; --force throws it away")
    if out.exists() and not (out / STUDY_FILE).exists() and any(out.iterdir()):
        raise StudyError(f"{out} holds files that are no study; give another folder with --out")
    if force and out.exists():
        shutil.rmtree(out)
    out.mkdir(parents=True, exist_ok=True)


def _draw_practice(album_set: AlbumSet, chosen: Sequence[Album], *, rng: np.random.Generator) -> list[Album]:
    """Covers to practise on: by artists who are not in the study."""
    known = {a.artist for a in chosen} | {a.cover for a in chosen}
    others = [a for a in album_set.albums if a.cover and a.artist not in known and a.cover not in known]
    return [others[n] for n in rng.permutation(len(others))[: len(EXPLANATIONS)]]


def _item_id(rng: np.random.Generator) -> str:
    return hashlib.sha256(rng.bytes(16)).hexdigest()[:12]


def _write_picture(album_set: AlbumSet, album: Album, path: Path) -> None:
    """Decode and encode anew: what comes out holds pixels, and no metadata, comment or profile of the original."""
    from PIL import Image

    try:
        pixels = decode_cover(album_set.read_cover(album.cover or ""), size=PICTURE_SIDE)
    except CoverError as error:
        raise StudyError(f"the cover of {album.album_id} cannot be shown: {error}; import the set again") from error
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=_QUALITY)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(file.getvalue())


def _families(moods: Sequence[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Families by what the words mean: of the vocabulary alone, so that they say nothing of how common moods are."""
    vectors = load_packaged_vectors()
    known = moods_with_vectors(moods, vectors)
    found: list[tuple[str, tuple[str, ...]]] = []
    if known:
        families = mood_families(embed_labels(known, vectors))
        for k, central in enumerate(families.central):
            found.append((known[central], tuple(known[m] for m in families.members(k))))
    rest = tuple(mood for mood in moods if mood not in known)
    return (*sorted(found, key=lambda family: family[0].casefold()), *([(WITHOUT_FAMILY, rest)] if rest else []))
