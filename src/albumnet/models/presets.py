"""The models and presets by name: what each model takes and gives, and how wide and how regularised each preset is."""

from __future__ import annotations

from dataclasses import dataclass

from albumnet.errors import TrainingError

N_SLOTS = 5


@dataclass(frozen=True)
class ModelKind:
    """What a model takes and gives.

    Attributes:
        name: As --model takes it.
        title: As a table calls it.
        uses_cover: Whether it sees the cover's features.
        uses_metadata: Whether it sees genre and year.
        output: "logits" (B, M); "slots" (B, 5, E), one vector per mood rank; "vector" (B, E). In training only, "ranks"
            (B, 5, M): logits of a mood at each rank, from which slots are decoded.
    """

    name: str
    title: str
    uses_cover: bool
    uses_metadata: bool
    output: str

    @property
    def gives_logits(self) -> bool:
        """Whether the output has a number per mood."""
        return self.output in ("logits", "ranks")

    @property
    def uses_vectors(self) -> bool:
        """Whether it is trained on word vectors rather than on moods as columns."""
        return not self.gives_logits

    @property
    def short_title(self) -> str:
        """What comes before the colon: "model 2"."""
        return self.title.partition(":")[0]


MODELS = {
    kind.name: kind
    for kind in (
        ModelKind("1", "model 1: cover", uses_cover=True, uses_metadata=False, output="logits"),
        ModelKind("2", "model 2: cover, genre, year", uses_cover=True, uses_metadata=True, output="logits"),
        ModelKind("3", "model 3: five ordered mood vectors", uses_cover=True, uses_metadata=True, output="slots"),
        ModelKind("4", "model 4: one mood vector", uses_cover=True, uses_metadata=True, output="vector"),
        ModelKind("metadata", "metadata only: genre, year", uses_cover=False, uses_metadata=True, output="logits"),
    )
}


@dataclass(frozen=True)
class Preset:
    """How wide a model is and how it is trained.

    Attributes:
        cover_width: Outputs of the first fully connected layer, over the cover alone; None to use the features as
            they are.
        block_widths: Outputs of each block (fully connected, ReLU, batch norm, dropout) after it.
        dropout: Of the blocks.
        is_pooled: Whether features are pooled (if spatial, to mean and maximum) and square-rooted before anything else.
        cover_scale: Spread of the standardised cover features against the metadata's; None leaves features at unit
            root mean square, as the backbone gives them.
        smoothings: How much moods learn from those they occur with, in [0, 1), to try with every strength; for models
            of logits and those decoded from them.
        space: How a model of mood vectors gets them: "regressed" on the moods' vectors by cosine, as the origin did, or
            "decoded" from logits (`training/decoding.py`).
        strengths: L2 penalties to try; of all trials the one with the lowest validation loss is kept.
        learning_rate: Of Adam, falling to zero as a cosine over `max_epochs`.
        batch_size: Albums per step.
        max_epochs: At most.
        patience: Epochs without a better validation loss before stopping.
    """

    cover_width: int | None
    block_widths: tuple[int, ...]
    dropout: float
    is_pooled: bool
    cover_scale: float | None
    smoothings: tuple[float, ...]
    space: str
    strengths: tuple[float, ...]
    learning_rate: float
    batch_size: int
    max_epochs: int
    patience: int


SPACES = ("regressed", "decoded")

PRESETS = {
    # The origin's layers, from the backbone's whole output.
    "seed": Preset(
        cover_width=4096,
        block_widths=(4096, 4096),
        dropout=0.5,
        is_pooled=False,
        cover_scale=None,
        smoothings=(0.0,),
        space="regressed",
        strengths=(0.0,),
        learning_rate=1e-4,
        batch_size=128,
        max_epochs=30,
        patience=3,
    ),
    # One linear layer. On 1,375 albums every hidden layer tried (64 or 256 wide, one or two blocks, dropout 0.5) was
    # worse on the validation side; docs/results.md has the numbers.
    "small": Preset(
        cover_width=None,
        block_widths=(),
        dropout=0.0,
        is_pooled=True,
        cover_scale=0.7,
        # Real moods occur together (.95 wins every fold), those of some worlds do not.
        smoothings=(0.95, 0.0),
        space="decoded",
        strengths=(1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2),
        learning_rate=5e-3,
        batch_size=64,
        max_epochs=40,
        patience=8,
    ),
}


def get_model(name: str) -> ModelKind:
    """A model by name.

    Raises:
        TrainingError: If there is none of that name.
    """
    if name not in MODELS:
        raise TrainingError(f"no model {name!r}; there are {', '.join(MODELS)}")
    return MODELS[name]


def get_preset(name: str) -> Preset:
    """A preset by name.

    Raises:
        TrainingError: If there is none of that name.
    """
    if name not in PRESETS:
        raise TrainingError(f"no preset {name!r}; there are {', '.join(PRESETS)}")
    return PRESETS[name]
