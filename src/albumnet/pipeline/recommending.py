"""Fitting a recommender to who liked what, evaluating it beside its controls, and asking it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from albumnet.dataset import AlbumSet
from albumnet.dataset.addresses import open_address
from albumnet.dataset.atomic import write_json, write_parquet, write_tensors
from albumnet.dataset.splits import artist_key, group_albums
from albumnet.errors import RecommendError, WordVectorError
from albumnet.moodspace import load_packaged_words, read_glove
from albumnet.moodspace.neighbours import check_words, known_words
from albumnet.pipeline.album_contents import album_contents, controls, crossfitted_moods
from albumnet.pipeline.scoring import predict_mood_vectors, scorable_albums
from albumnet.progress import Progress, ProgressCallback, ignore_progress
from albumnet.recommend.asking import Asking, Recommended
from albumnet.recommend.conclusion import conclude
from albumnet.recommend.contents import Contents, RowSpec
from albumnet.recommend.evaluation import ScenarioResult, evaluate_recommenders
from albumnet.recommend.folder import SCHEMA_VERSION, FittedFolder, RecConfig, read_folder, read_tensors, write_folder
from albumnet.recommend.interactions import Interactions, RatingScale, ReadingReport, read_interactions
from albumnet.recommend.recommenders.hybrid import HybridOptions
from albumnet.recommend.recommenders.implicit_models import Als, AlsOptions
from albumnet.recommend.tuning import N_VALIDATIONS, draw_validations, tune_als, tune_hybrid

# With more likes than this, ALS is not tried with several numbers of factors, and one division settles the rest.
LARGE = 2_000_000
N_FOLDS = 7


@dataclass(frozen=True)
class FitResult:
    """What `recommend fit` did: what became of the rows, and what was chosen."""

    report: ReadingReport
    config: RecConfig


@dataclass(frozen=True)
class RecEvaluation:
    """All that was found out about a recommender.

    Attributes:
        results: By scenario.
        conclusion: In words; the last line says what the cover and the metadata did.
        n_folds, n_resamples: How it was measured.
        is_crossfitted: Whether moods are by models that did not see an album's own tags.
        made_from: Digests.
    """

    results: tuple[ScenarioResult, ...]
    conclusion: tuple[str, ...]
    n_folds: int
    n_resamples: int
    is_crossfitted: bool
    made_from: dict[str, str]


def fit_recommender(
    ratings: Path,
    *,
    album_set: AlbumSet,
    run: Path,
    out: Path,
    scale: RatingScale = RatingScale(),
    als: AlsOptions | None = None,
    weights: Path | None = None,
    seed: int = 0,
    force: bool = False,
    progress: ProgressCallback = ignore_progress,
) -> FitResult:
    """Fit the hybrid recommender to a table of ratings or plays and write it as a folder.

    All input is read and checked before anything is fitted.

    Args:
        ratings: CSV or Parquet; see `read_interactions`.
        album_set: Whose albums are recommended.
        run: The model that says their moods.
        out: The folder.
        scale: Of ratings.
        als: Factors and alpha; chosen on hidden likes if not given.
        weights: The backbone's weights file, if it no longer lies where it lay.
        seed: Of all that is drawn.
        force: Replace a recommender that is there.
        progress: Told how far it is.

    Raises:
        RecommendError: If `out` holds a recommender and `force` is not given.
        InputTableError: If the table cannot be used.
    """
    from albumnet.models.prediction import load_model

    if (out / "config.json").is_file() and not force:
        raise RecommendError(f"{out} holds a fitted recommender; choose another --out, or pass --force to replace it")
    interactions, report = read_interactions(ratings, album_set.albums, scale=scale)
    model = load_model(run, weights=weights)
    blocks = album_contents(album_set, model, progress=progress)
    extra = tuple(name for name in ("look", "moods") if name in blocks)
    spec = RowSpec("hybrid", "", "hybrid", ("genre_year",), extra)
    fitted, als_options, options, weight = fit_hybrid(
        interactions,
        Contents(blocks),
        spec,
        groups=group_albums(album_set.albums),
        als=als,
        seed=seed,
        progress=progress,
    )
    config = RecConfig(
        ratings=ratings.name,
        liked=scale.liked if interactions.is_explicit else None,
        album_set=str(album_set.path.resolve()),
        albums_digest=album_set.digest,
        model=str(run.resolve()),
        model_vocabulary=model.config.vocabulary.digest,
        moods=model.config.moods,
        vectors=model.config.vectors,
        backbone=model.config.backbone.backbone if model.config.backbone else "",
        als=als_options,
        hybrid=options,
        extra_weight=weight,
        base=spec.base,
        extra=spec.extra,
        n_users=len(interactions.users),
        n_likes=int(interactions.is_liked.sum()),
        seed=seed,
        counts={f.name: getattr(report, f.name) for f in fields(report) if f.name != "unmatched"},
    )
    names = tuple((album.artist, album.title) for album in album_set.albums)
    folder = FittedFolder(
        config, interactions, names, blocks, {"user": fitted.user_factors, "item": fitted.item_factors}
    )
    return FitResult(report, write_folder(out, folder, report=report))


def fit_hybrid(
    interactions: Interactions,
    contents: Contents,
    spec: RowSpec,
    *,
    groups: np.ndarray,
    als: AlsOptions | None = None,
    seed: int = 0,
    progress: ProgressCallback = ignore_progress,
) -> tuple[Als, AlsOptions, HybridOptions, float]:
    """Choose all settings on a seventh of the interactions hidden from training, then fit ALS to all of them.

    Returns:
        ALS fitted, its options, the hybrid's, and the weight of the extra block.
    """
    is_large = int(interactions.is_liked.sum()) > LARGE
    validations = draw_validations(
        "warm", interactions, artists=groups, n_folds=N_FOLDS, rng=np.random.default_rng(seed),
        n_validations=1 if is_large else N_VALIDATIONS,
    )  # fmt: skip
    options = als or AlsOptions(seed=seed)
    if als is None and not is_large:
        options = tune_als(validations, base=options)
    progress(Progress("fitting", 1, 3))
    mix = contents.mix(spec)
    inner = [Als(options).fit(each.train) for each in validations]
    hybrid, weight = tune_hybrid(validations, inner, mix, has_listeners=True)
    del inner, validations
    progress(Progress("fitting", 2, 3))
    fitted = Als(options).fit(interactions.liked())
    progress(Progress("fitting", 3, 3))
    return fitted, options, hybrid, weight


def evaluate_recommender(
    rec: Path,
    *,
    n_folds: int = N_FOLDS,
    n_resamples: int = 1000,
    is_crossfitted: bool = True,
    weights: Path | None = None,
    seed: int = 0,
    progress: ProgressCallback = ignore_progress,
) -> tuple[RecEvaluation, Path]:
    """Score all recommenders and controls on what is hidden from them, and say whether the cover helped.

    Args:
        rec: The fitted recommender's folder.
        n_folds: How often something is hidden.
        n_resamples: Of users.
        is_crossfitted: Whether moods are predicted anew by models that did not see an album's own tags.
        weights: The backbone's weights file, if it no longer lies where it lay.
        seed: Of all that is drawn.
        progress: Told how far it is.

    Returns:
        The evaluation, and the file it was written to.

    Raises:
        RecommendError: If the folder is no fitted recommender, or the album set is no longer what it was.
    """
    fitted = read_folder(rec)
    album_set = _same_set(fitted.config)
    interactions = fitted.interactions
    if len(interactions.users) < 2:
        raise RecommendError(f"{rec} has likes of {len(interactions.users)} user(s); intervals need at least two")
    blocks = dict(fitted.blocks)
    if is_crossfitted:
        blocks |= _crossfitted(rec, fitted, album_set, weights=weights, seed=seed, progress=progress)
    blocks |= controls(blocks, rng=np.random.default_rng(seed))
    artists = _artist_numbers(album_set)
    results = evaluate_recommenders(
        interactions, Contents(blocks), artists=artists, artist_groups=group_albums(album_set.albums),
        n_folds=n_folds, n_resamples=n_resamples, als=AlsOptions(n_threads=1, seed=seed), seed=seed,
        advance=lambda done, total: progress(Progress("evaluating", done, total)),
    )  # fmt: skip
    made_from = {"albums": fitted.config.albums_digest, "tensors": fitted.config.tensors_digest}
    evaluation = RecEvaluation(results, conclude(results), n_folds, n_resamples, is_crossfitted, made_from)
    path = rec / "evaluation.json"
    write_json(path, _plain(asdict(evaluation)), schema_version=SCHEMA_VERSION)
    return evaluation, path


def open_recommender(rec: Path) -> Asking:
    """A fitted recommender, ready to be asked.

    Raises:
        RecommendError: If the folder is none.
    """
    return Asking(read_folder(rec))


def recommend_mood(
    rec: Path, words: str, *, user: str | None = None, taste: float = 0.5, k: int = 10
) -> tuple[list[Recommended], tuple[str, ...]]:
    """Albums of a mood asked for in words, blended with a user's taste; and the words that have no vector.

    Raises:
        RecommendError: If the folder is no fitted recommender, or there is no such user.
        WordVectorError: If no word has a vector.
    """
    fitted = read_folder(rec)
    vectors = read_glove(Path(fitted.config.vectors)) if fitted.config.vectors else load_packaged_words()
    known, missing = known_words(words, vectors)
    if not known:
        check_words([words], vectors)
    query = np.mean([vectors[word] for word in known], axis=0)
    if not query.any():
        raise WordVectorError(f"the vectors of {', '.join(known)} cancel out or are zero; ask with other words")
    label = query / np.linalg.norm(query)
    return Asking(fitted).of_mood(label, words=" ".join(known), user=user, taste=taste, k=k), tuple(missing)


def export_mood_vectors(album_set: AlbumSet, run: Path, *, out: Path, weights: Path | None = None) -> tuple[int, int]:
    """Write each album's unit mood vector as Parquet, for other people's recommenders.

    Returns:
        Albums written, and numbers per vector.
    """
    from albumnet.models.prediction import load_model

    model = load_model(run, weights=weights)
    albums, store = scorable_albums(model, album_set)
    vectors = predict_mood_vectors(model, album_set, albums, store)
    n_albums, size = vectors.shape
    table = pa.table(
        {
            "album_id": pa.array([album.album_id for album in albums], pa.string()),
            "vector": pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel(), pa.float32()), size),
        }
    )
    made_from = {"albums": album_set.digest, "vocabulary": model.config.vocabulary.digest}
    write_parquet(out, table, schema_version=SCHEMA_VERSION, made_from=made_from)
    return n_albums, size


def _crossfitted(
    rec: Path,
    fitted: FittedFolder,
    album_set: AlbumSet,
    *,
    weights: Path | None,
    seed: int,
    progress: ProgressCallback,
) -> dict[str, np.ndarray]:
    """As made before for the same recommender and seed, or made now."""
    from albumnet.models.prediction import load_model

    path = rec / "crossfitted.safetensors"
    digest = f"{fitted.config.tensors_digest}-{seed}"
    if path.is_file():
        try:
            return read_tensors(path, digest=digest)
        except RecommendError:
            path.unlink()
    run = Path(fitted.config.model)
    if not (run / "config.json").is_file():
        raise RecommendError(
            f"the model {run} is gone, which moods are cross-fitted with; fit again, or --as-predicted"
        )
    model = load_model(run, weights=weights)
    blocks = crossfitted_moods(album_set, model, seed=seed, progress=progress)
    write_tensors(path, blocks, metadata={"schema_version": str(SCHEMA_VERSION), "tensors": digest})
    return blocks


def _same_set(config: RecConfig) -> AlbumSet:
    album_set = AlbumSet(open_address(config.album_set))
    if album_set.digest != config.albums_digest:
        raise RecommendError(
            f"{album_set.path} holds albums {album_set.digest}, the recommender was fitted to {config.albums_digest}; "
            "fit again"
        )
    return album_set


def _artist_numbers(album_set: AlbumSet) -> np.ndarray:
    """Number of each album's artist, -1 where nobody in particular is named."""
    keys = [artist_key(album) for album in album_set.albums]
    number = {key: n for n, key in enumerate(dict.fromkeys(key for key in keys if key))}
    return np.array([number.get(key, -1) for key in keys])


def _plain(value: Any) -> Any:
    """As JSON takes it; numbers that are undefined become null."""
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
