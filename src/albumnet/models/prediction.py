"""A trained model in use: covers, genres and years in, a probability per mood out."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from albumnet.errors import RunError, WordVectorError
from albumnet.models.answers import MoodProbability, Prediction
from albumnet.models.asking import look_up_moods
from albumnet.models.calibration import ClosenessCalibration
from albumnet.models.plain_head import PlainHead, closeness, normalise_rows, pool, pooled_dim, sigmoid
from albumnet.models.predicting import predict_covers
from albumnet.models.presets import get_model, get_preset
from albumnet.models.run import RunConfig, find_run, parts_file, read_config, read_weights
from albumnet.models.telling import Telling
from albumnet.models.trained_backbone import TrainedBackbone
from albumnet.moodspace import embed_labels, label_decoder, load_packaged_vectors, moods_with_vectors
from albumnet.vision.transform import Transform

if TYPE_CHECKING:
    from jaxtyping import Float

    from albumnet.models.heads import TorchParts
    from albumnet.vision.backbones import Backbone
    from albumnet.vision.engines.base import Engine
    from albumnet.vision.graphs import BackboneGraph

_BATCH = 256
_NO_LENGTH = 1e-12


def load_model(run: Path | str, *, weights: Path | None = None, engine: str = "auto") -> MoodModel:
    """Load a trained model from its run folder.

    Args:
        run: The folder that `albumnet train` wrote, its address (`s3://…`), or "starter" for the model that comes with
            the package.
        weights: The backbone's weights file, if it no longer lies where it lay.
        engine: What runs the backbone: auto | torch | onnx | openvino.

    Raises:
        RunError: If the folder is no finished run, or its files do not belong together.
        SchemaVersionError: If another version wrote it.
    """
    run = find_run(run)
    if parts_file(run).is_file():
        from albumnet.models.parts import load_parts

        return load_parts(run, weights=weights, engine=engine)
    config = read_config(run)
    return MoodModel(config, read_weights(run, config), weights=weights, engine=engine)


class MoodModel:
    """A trained model; it needs torch only where its backbone has no graph.

    Args:
        config: What it is.
        arrays: Its weights, as model.safetensors names them.
        weights: The backbone's weights file; None for the one it was trained with.
        engine: What runs the backbone: auto | torch | onnx | openvino.

    Attributes:
        answers_without_cover: Whether it takes albums of which only genre and year are known.
        telling: When it tells a mood; None where it never says which moods it stands by.
    """

    answers_without_cover = False

    def __init__(
        self,
        config: RunConfig,
        arrays: Mapping[str, np.ndarray],
        *,
        weights: Path | None = None,
        engine: str = "auto",
    ) -> None:
        self.config = config
        self.kind = get_model(config.model)
        self.preset = get_preset(config.preset)
        self.arrays = arrays
        self.head = PlainHead(self.kind, _part(arrays, "head."))
        self.labels = arrays.get("labels")
        self.calibration = ClosenessCalibration(**_part(arrays, "calibration."))
        self.telling: Telling | None = None
        self._tuned = _part(arrays, "backbone.")
        self._weights = weights or (Path(config.weights) if config.weights else None)
        self._engine_name = engine

    @cached_property
    def in_torch(self) -> TorchParts:
        """Head, labels and calibration as torch computes with them, for whoever needs gradients."""
        from albumnet.models.heads import HeadShape, make_parts

        config = self.config
        dim = pooled_dim(config.backbone.feature_shape, is_pooled=self.preset.is_pooled) if config.backbone else 0
        shape = HeadShape(dim, config.metadata.width, len(config.moods), config.embedding_size)
        return make_parts(self.kind, self.preset, shape, self.arrays, labels=self.labels)

    @property
    def transform(self) -> Transform:
        """What covers are decoded to; RunError if the model does not look at covers."""
        return self._covers_through.transform

    @cached_property
    def backbone(self) -> Backbone:
        """The backbone in PyTorch: `TrainedBackbone.load_module`."""
        return self._covers_through.load_module()

    @cached_property
    def graph(self) -> BackboneGraph:
        """The backbone as an ONNX graph: `TrainedBackbone.load_graph`."""
        return self._covers_through.load_graph()

    @cached_property
    def engine(self) -> Engine:
        """What runs the backbone here: `TrainedBackbone.open_engine`."""
        return self._covers_through.open_engine(self._engine_name, load=lambda: self.backbone, ranking=self.rank_by)

    def try_engines(self, *, trial_s: float) -> Engine:
        """Find the fastest engine here, if none was asked for by name, and use it from then on.

        Args:
            trial_s: How long that may take.
        """
        self.engine = self._covers_through.try_engines(
            self._engine_name, load=lambda: self.backbone, ranking=self.rank_by, trial_s=trial_s
        )
        return self.engine

    @property
    def _covers_through(self) -> TrainedBackbone:
        if self.config.backbone is None:
            raise RunError(f"{self.kind.title} does not look at covers; give genre and year only")
        return TrainedBackbone(self.config.backbone, weights=self._weights, tuned=self._tuned)

    def rank_by(self, features: Float[np.ndarray, "B ..."]) -> Float[np.ndarray, "B M"]:
        """A number per mood of covers of unknown genre and year, by which their moods are ranked."""
        return self.probabilities(features, [()] * len(features), [None] * len(features))

    def probabilities(
        self,
        features: Float[np.ndarray, "N ..."] | None,
        genres: Sequence[Sequence[str]],
        years: Sequence[int | None],
        *,
        is_calibrated: bool = True,
    ) -> Float[np.ndarray, "N M"]:
        """Probability of each mood for N albums, from stored features and metadata.

        Args:
            features: `(N, *feature_shape)` as the backbone gives them; None for a model without the cover.
            genres: Per album; empty where unknown. Genres that no training album had are passed over.
            years: Per album; None where unknown.
            is_calibrated: Whether as calibrated on the validation side; models in the mood space always are.

        Returns:
            (N, M) in [0, 1], moods in the order of `config.moods`. A row does not depend on the other rows.
        """
        parts = []
        for raw in self._outputs(features, genres, years):
            if self.labels is not None:
                raw = closeness(raw, self.labels, kind=self.kind, space=self.config.space)
            if is_calibrated or self.labels is not None:
                raw = self.calibration.logits(raw)
            parts.append(sigmoid(raw))
        return np.concatenate(parts) if parts else np.empty((0, len(self.config.moods)), np.float32)

    def mood_vectors(
        self, features: Float[np.ndarray, "N ..."] | None, genres: Sequence[Sequence[str]], years: Sequence[int | None]
    ) -> Float[np.ndarray, "N E"]:
        """Each album's place in the mood space, of unit length; of five slots the mean.

        Models that give logits are decoded (`moodspace.label_decoder`) over the moods that have word vectors.

        Args:
            features: As in `probabilities`.
            genres: Likewise.
            years: Likewise.

        Raises:
            WordVectorError: If the model gives logits, and fewer than two of its moods have a word vector.
        """
        mean = self.slot_vectors(features, genres, years).mean(axis=1)
        unit: np.ndarray = mean / np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), _NO_LENGTH)
        return unit

    def slot_vectors(
        self, features: Float[np.ndarray, "N ..."] | None, genres: Sequence[Sequence[str]], years: Sequence[int | None]
    ) -> Float[np.ndarray, "N S E"]:
        """Each album's places in the mood space, of unit length: five by rank for model 3, one for the others.

        Args:
            features: As in `probabilities`.
            genres: Likewise.
            years: Likewise.

        Raises:
            WordVectorError: If the model gives logits, and fewer than two of its moods have a word vector.
        """
        parts = [
            normalise_rows(raw if raw.ndim == 3 else raw[:, None])
            for raw in self._mood_outputs(features, genres, years)
        ]
        return np.concatenate(parts) if parts else np.empty((0, 1, self.embedding_size), np.float32)

    def closeness_to(
        self,
        labels: Float[np.ndarray, "K E"],
        features: Float[np.ndarray, "N ..."] | None,
        genres: Sequence[Sequence[str]],
        years: Sequence[int | None],
    ) -> Float[np.ndarray, "N K"]:
        """How close N albums lie to any moods, those that training never saw too: a score that ranks albums per mood.

        Args:
            labels: Unit vectors of K moods, from `moodspace.embed_labels` with the word vectors trained on (the
                packaged ones for models that give logits).
            features: As in `probabilities`.
            genres: Likewise.
            years: Likewise.

        Raises:
            RunError: If the vectors are of another width than the model's.
            WordVectorError: If the model gives logits, and fewer than two of its moods have a word vector.
        """
        if labels.shape[1] != self.embedding_size:
            raise RunError(
                f"{self.kind.title} answers in {self.embedding_size} numbers, the moods' vectors have "
                f"{labels.shape[1]}; give the word vectors it was trained with"
            )
        space = self.config.space if self.kind.uses_vectors else "decoded"
        parts = [
            closeness(raw, labels, kind=self.kind, space=space) for raw in self._mood_outputs(features, genres, years)
        ]
        return np.concatenate(parts) if parts else np.empty((0, len(labels)), np.float32)

    @property
    def embedding_size(self) -> int:
        """E of the model's mood vectors."""
        return self.config.embedding_size or int(self.mood_labels[1].shape[1])

    @cached_property
    def mood_labels(self) -> tuple[tuple[str, ...], Float[np.ndarray, "M E"]]:
        """The moods that have a place in the model's mood space, and their unit vectors.

        Raises:
            WordVectorError: If the model gives logits, and fewer than two of its moods have a word vector.
        """
        if self.labels is not None:
            return self.config.moods, self.labels
        vectors = load_packaged_vectors()
        moods = moods_with_vectors(self.config.moods, vectors)
        if len(moods) < 2:
            raise WordVectorError(
                f"{len(moods)} of the model's {len(self.config.moods)} moods have a word vector, so it has no mood "
                "space; train model 4 with --vectors FILE"
            )
        return moods, embed_labels(moods, vectors)

    @cached_property
    def _decoder(self) -> tuple[Float[np.ndarray, "M E"], list[int]]:
        """For models that give logits: (M, E), and the columns of the moods that have a vector."""
        moods, labels = self.mood_labels
        decoder = label_decoder(labels).T.astype(np.float32)
        return decoder, [self.config.moods.index(mood) for mood in moods]

    def _mood_outputs(
        self, features: np.ndarray | None, genres: Sequence[Sequence[str]], years: Sequence[int | None]
    ) -> Iterator[np.ndarray]:
        """The head's output in the mood space, batch by batch: a vector, or five."""
        if self.kind.uses_vectors:
            yield from self._outputs(features, genres, years)
            return
        decoder, columns = self._decoder
        mean_bias = self.head.arrays["output.bias"][columns].mean()
        for logits in self._outputs(features, genres, years):
            yield (logits[:, columns] - mean_bias) @ decoder

    def _outputs(
        self, features: np.ndarray | None, genres: Sequence[Sequence[str]], years: Sequence[int | None]
    ) -> Iterator[np.ndarray]:
        """The head's output, batch by batch; always finite."""
        metadata = self.config.metadata.encode(genres, years)
        for start in range(0, len(metadata), _BATCH):
            rows = slice(start, start + _BATCH)
            inputs = np.empty((len(metadata[rows]), 0), np.float32)
            if self.kind.uses_cover:
                if features is None:
                    raise RunError(f"{self.kind.title} needs a cover")
                inputs = pool(features[rows], is_pooled=self.preset.is_pooled)
            with np.errstate(over="ignore", invalid="ignore"):  # told of below, in words
                raw = self.head(inputs, metadata[rows])
            if not np.isfinite(raw).all():
                raise RunError(
                    f"{self.kind.title} gives nan or infinity: its weights or an album's features are damaged; "
                    "train it again, after `albumnet features --force` if need be"
                )
            yield raw

    def features(self, pixels: np.ndarray) -> Float[np.ndarray, "B ..."]:
        """Features of decoded covers, (B, size, size, 3) in 0..255, float32."""
        steps = range(0, len(pixels), self.engine.batch_size)
        return np.concatenate([self.engine.features(pixels[n : n + self.engine.batch_size]) for n in steps])

    def predict(
        self,
        covers: Iterable[str | os.PathLike[str] | bytes | None] | str | os.PathLike[str] | bytes,
        *,
        genres: str | Sequence[str] | Sequence[Sequence[str]] = (),
        years: int | Sequence[int | None] | None = None,
        top: int | None = None,
        moods: str | Sequence[str] = (),
    ) -> list[Prediction]:
        """The moods of some covers.

        Args:
            covers: Paths, or files' bytes; one alone needs no list. None for an album without a cover, of which only
                the starter model and others of `models.parts` can tell something.
            genres: Name or names for all of them, or a list of names per cover; empty where unknown.
            years: One year for all of them, or one per cover; None where unknown.
            top: Keep this many moods of each; None for all.
            moods: Name or names of moods to tell of; all of the model's if there are none. For a mood that training
                never saw, the prediction's `unseen_moods` says how close the cover lies to it.

        Returns:
            One prediction per cover, in order; a cover that cannot be used has an `error` and no moods.

        Raises:
            ValueError: If genres or years per cover are not as many as the covers.
            WordVectorError: If a mood is unknown to the model and to its word vectors.
        """
        # A name is a sequence of letters too, and would be taken for as many genres or paths.
        covers = [covers] if isinstance(covers, (str, bytes, os.PathLike)) else list(covers)
        genres = [genres] if isinstance(genres, str) else genres
        genres_of: list[Any] = [list(genres)] * len(covers) if all(isinstance(g, str) for g in genres) else list(genres)
        years_of = [years] * len(covers) if years is None or isinstance(years, int) else list(years)
        albums = list(zip(covers, genres_of, years_of, strict=True))
        asked = look_up_moods([moods] if isinstance(moods, str) else moods, config=self.config) if moods else None
        return predict_covers(self, albums, top=top, asked=asked)

    def part_for(self, *, has_cover: bool, genres: Sequence[str], year: int | None) -> MoodModel:  # noqa: ARG002
        """The model that answers where this much is known of an album: this one, whatever is known."""
        return self

    def rank(self, probabilities: Float[np.ndarray, " M"], *, top: int | None = None) -> tuple[MoodProbability, ...]:
        """One album's probabilities as moods, likeliest first."""
        order, base_rates = np.argsort(-probabilities, kind="stable")[:top], self.config.base_rates
        is_told = self.telling.tells(probabilities, np.array(base_rates)).tolist() if self.telling else None
        return tuple(
            MoodProbability(
                self.config.moods[m], float(probabilities[m]), base_rates[m], rank, is_told[m] if is_told else None
            )
            for rank, m in enumerate(order, start=1)
        )


def _part(tensors: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
