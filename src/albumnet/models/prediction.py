"""A trained model in use: covers, genres and years in, a probability per mood out."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from albumnet.dataset.addresses import open_address
from albumnet.errors import CoverError, FeatureStoreError, MissingExtraError, RunError, WordVectorError
from albumnet.models.answers import MoodCloseness, MoodProbability, Prediction
from albumnet.models.asking import AskedMoods, look_up_moods
from albumnet.models.presets import get_model, get_preset
from albumnet.models.run import RunConfig, read_config, read_weights
from albumnet.moodspace import embed_labels, label_decoder, load_packaged_vectors, moods_with_vectors
from albumnet.vision.decoding import decode_cover

if TYPE_CHECKING:
    import torch
    from jaxtyping import Float

    from albumnet.models.heads import MoodHead
    from albumnet.vision.backbones import Backbone

_BATCH = 256
_PREDICT_BATCH = 32
_NO_LENGTH = 1e-12


def load_model(run: Path | str, *, weights: Path | None = None) -> MoodModel:
    """Load a trained model from its run folder.

    Args:
        run: The folder that `albumnet train` wrote, or its address (`s3://…`).
        weights: The backbone's weights file, if it no longer lies where it lay.

    Raises:
        RunError: If the folder is no finished run, or its files do not belong together.
        SchemaVersionError: If another version wrote it.
        MissingExtraError: If PyTorch is not installed.
    """
    run = open_address(run)
    config = read_config(run)
    if importlib.util.find_spec("torch") is None:
        raise MissingExtraError("models need PyTorch, which the base install leaves out; pip install 'albumnet[train]'")
    return MoodModel(config, read_weights(run, config), weights=weights)


class MoodModel:
    """A trained model.

    Args:
        config: What it is.
        tensors: Its weights, as model.safetensors names them.
        weights: The backbone's weights file; None for the one it was trained with.
    """

    def __init__(self, config: RunConfig, tensors: dict[str, torch.Tensor], *, weights: Path | None = None) -> None:
        from albumnet.models.calibration import ClosenessCalibration
        from albumnet.models.heads import HeadShape, MoodHead, pooled_dim

        self.config = config
        self.kind = get_model(config.model)
        self.preset = get_preset(config.preset)
        dim = pooled_dim(config.backbone.feature_shape, is_pooled=self.preset.is_pooled) if config.backbone else 0
        head_shape = HeadShape(dim, config.metadata.width, len(config.moods), config.embedding_size)
        self.head: MoodHead = MoodHead(self.kind, self.preset, head_shape)
        self.head.load_state_dict(_part(tensors, "head."))
        self.head.eval()
        self.labels: torch.Tensor | None = tensors.get("labels")
        self.calibration = ClosenessCalibration(**_part(tensors, "calibration."))
        self._tuned = _part(tensors, "backbone.")
        self._weights = weights or (Path(config.weights) if config.weights else None)

    @cached_property
    def backbone(self) -> Backbone:
        """The backbone, with fine-tuned blocks where there are any.

        Raises:
            FeatureStoreError: If its weights or transform are not those the model was trained with.
        """
        from albumnet.vision.backbones import load_backbone

        wanted = self.config.backbone
        if wanted is None:
            raise RunError(f"{self.kind.title} does not look at covers; give genre and year only")
        convention = "torchvision" if wanted.transform["channels"] == "RGB" else "caffe"
        backbone = load_backbone(
            wanted.backbone, weights=self._weights, convention=convention if wanted.backbone == "vgg16" else None
        )
        for what, found, trained in (
            ("weights", backbone.weights_digest, wanted.weights_digest),
            ("transform", backbone.transform.digest, wanted.transform_digest),
        ):
            if found != trained:
                raise FeatureStoreError(
                    f"the model was trained with {wanted.backbone} {what} {trained}, but {found} is here; "
                    "give the same weights with --weights"
                )
        if self._tuned:
            backbone.module.load_state_dict(self._tuned, strict=False)
        return backbone

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
        import torch

        from albumnet.models.heads import closeness

        parts = []
        for raw in self._outputs(features, genres, years):
            if self.labels is not None:
                raw = closeness(raw, self.labels, kind=self.kind, space=self.config.space)
            if is_calibrated or self.labels is not None:
                raw = self.calibration.logits(raw)
            parts.append(torch.sigmoid(raw).numpy())
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
        import torch

        parts = [
            torch.nn.functional.normalize(raw if raw.ndim == 3 else raw[:, None], dim=-1).numpy()
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
        from albumnet.models.heads import closeness

        if labels.shape[1] != self.embedding_size:
            raise RunError(
                f"{self.kind.title} answers in {self.embedding_size} numbers, the moods' vectors have "
                f"{labels.shape[1]}; give the word vectors it was trained with"
            )
        import torch

        wanted, space = torch.from_numpy(labels), self.config.space if self.kind.uses_vectors else "decoded"
        parts = [
            closeness(raw, wanted, kind=self.kind, space=space).numpy()
            for raw in self._mood_outputs(features, genres, years)
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
            return self.config.moods, self.labels.numpy()
        vectors = load_packaged_vectors()
        moods = moods_with_vectors(self.config.moods, vectors)
        if len(moods) < 2:
            raise WordVectorError(
                f"{len(moods)} of the model's {len(self.config.moods)} moods have a word vector, so it has no mood "
                "space; train model 4 with --vectors FILE"
            )
        return moods, embed_labels(moods, vectors)

    @cached_property
    def _decoder(self) -> tuple[torch.Tensor, list[int]]:
        """For models that give logits: (M, E), and the columns of the moods that have a vector."""
        import torch

        moods, labels = self.mood_labels
        decoder = torch.from_numpy(label_decoder(labels).T.astype(np.float32))
        return decoder, [self.config.moods.index(mood) for mood in moods]

    def _mood_outputs(
        self, features: np.ndarray | None, genres: Sequence[Sequence[str]], years: Sequence[int | None]
    ) -> Iterator[torch.Tensor]:
        """The head's output in the mood space, batch by batch: a vector, or five."""
        if self.kind.uses_vectors:
            yield from self._outputs(features, genres, years)
            return
        decoder, columns = self._decoder
        mean_bias = self.head.output.bias[columns].mean().detach()
        for logits in self._outputs(features, genres, years):
            yield (logits[:, columns] - mean_bias) @ decoder

    def _outputs(
        self, features: np.ndarray | None, genres: Sequence[Sequence[str]], years: Sequence[int | None]
    ) -> Iterator[torch.Tensor]:
        """The head's output, batch by batch; always finite."""
        import torch

        from albumnet.models.heads import pool

        metadata = torch.from_numpy(self.config.metadata.encode(genres, years))
        for start in range(0, len(metadata), _BATCH):
            rows = slice(start, start + _BATCH)
            inputs = torch.empty(len(metadata[rows]), 0)
            if self.kind.uses_cover:
                if features is None:
                    raise RunError(f"{self.kind.title} needs a cover")
                inputs = pool(torch.from_numpy(features[rows]).float(), is_pooled=self.preset.is_pooled)
            with torch.no_grad():
                raw = self.head(inputs, metadata[rows])
            if not torch.isfinite(raw).all():
                raise RunError(
                    f"{self.kind.title} gives nan or infinity: its weights or an album's features are damaged; "
                    "train it again, after `albumnet features --force` if need be"
                )
            yield raw

    def features(self, pixels: np.ndarray) -> Float[np.ndarray, "B ..."]:
        """Features of decoded covers, (B, size, size, 3) in 0..255, by the plain float32 network."""
        import torch

        with torch.inference_mode():
            normalised = self.backbone.transform.normalise(torch.from_numpy(pixels))
            return self.backbone.module(normalised).float().numpy()  # type: ignore[no-any-return]  # Module is untyped

    def predict(
        self,
        covers: Iterable[str | os.PathLike[str] | bytes] | str | os.PathLike[str] | bytes,
        *,
        genres: str | Sequence[str] | Sequence[Sequence[str]] = (),
        years: int | Sequence[int | None] | None = None,
        top: int | None = None,
        moods: str | Sequence[str] = (),
    ) -> list[Prediction]:
        """The moods of some covers.

        Args:
            covers: Paths, or files' bytes; one alone needs no list.
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
        genres_of = [list(genres)] * len(covers) if all(isinstance(g, str) for g in genres) else list(genres)
        years_of = [years] * len(covers) if years is None or isinstance(years, int) else list(years)
        albums = list(zip(covers, genres_of, years_of, strict=True))
        asked = look_up_moods([moods] if isinstance(moods, str) else moods, config=self.config) if moods else None
        batches = (albums[start : start + _PREDICT_BATCH] for start in range(0, len(albums), _PREDICT_BATCH))
        return [prediction for batch in batches for prediction in self._predict_batch(batch, top=top, asked=asked)]

    def _predict_batch(
        self, albums: Sequence[tuple[Any, Any, Any]], *, top: int | None, asked: AskedMoods | None
    ) -> list[Prediction]:
        decoded = [self._decode(cover) for cover, _, _ in albums]
        usable = [n for n, (_, pixels, _) in enumerate(decoded) if pixels is not None]
        features = None
        if self.kind.uses_cover and usable:
            features = self.features(np.stack([pixels for _, pixels, _ in decoded if pixels is not None]))
        inputs = features, [albums[n][1] for n in usable], [albums[n][2] for n in usable]
        told = [
            self._tell(decoded[n][0], row, top=top, known=None if asked is None else asked.known)
            for n, row in zip(usable, self.probabilities(*inputs), strict=True)
        ]
        if asked is not None and asked.labels is not None:
            near = self.closeness_to(asked.labels, *inputs)
            told = [
                replace(found, unseen_moods=tuple(map(MoodCloseness, asked.unseen, row.tolist())))
                for found, row in zip(told, near, strict=True)
            ]
        told_of = dict(zip(usable, told, strict=True))
        return [told_of.get(n) or Prediction(name, (), error) for n, (name, _, error) in enumerate(decoded)]

    def _tell(
        self, cover: str, probabilities: Float[np.ndarray, " M"], *, top: int | None, known: Sequence[str] | None
    ) -> Prediction:
        moods, sets = self.rank(probabilities), self.config.mood_sets
        moods = tuple(found for found in moods if known is None or found.mood in known)[:top]
        if sets is None:
            return Prediction(cover, moods)
        return Prediction(
            cover,
            moods,
            n_for_coverage=sets.size(probabilities),
            n_without_looking=sets.prior_size,
            can_tell=sets.can_tell(probabilities),
            coverage=sets.coverage,
        )

    def rank(self, probabilities: Float[np.ndarray, " M"], *, top: int | None = None) -> tuple[MoodProbability, ...]:
        """One album's probabilities as moods, likeliest first."""
        order = np.argsort(-probabilities, kind="stable")[:top]
        return tuple(
            MoodProbability(self.config.moods[m], float(probabilities[m]), self.config.base_rates[m], rank)
            for rank, m in enumerate(order, start=1)
        )

    def _decode(self, cover: str | os.PathLike[str] | bytes) -> tuple[str, np.ndarray | None, str | None]:
        """Name, pixels and error of a cover; exactly one of the last two is None."""
        name = f"{len(cover)} bytes" if isinstance(cover, bytes) else os.fspath(cover)
        transform = self.backbone.transform if self.kind.uses_cover else None
        size, interpolation = (transform.size, transform.interpolation) if transform else (32, "bicubic")
        try:
            data = cover if isinstance(cover, bytes) else Path(cover).read_bytes()
            return name, decode_cover(data, size=size, interpolation=interpolation), None
        except CoverError as error:
            return name, None, str(error)
        except OSError as error:
            return name, None, f"cannot be read: {error.strerror or error}"


def _part(tensors: dict[str, Any], prefix: str) -> dict[str, Any]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
