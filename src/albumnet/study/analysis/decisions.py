"""Everyone who says which moods a cover has, brought to one form: raters, the set, and models.

Notation: N covers of the study, M moods of the study.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from albumnet.study.answers.store import Answer
from albumnet.study.folder import Key, Study

if TYPE_CHECKING:
    from jaxtyping import Bool, Float

Kind = Literal["rater", "set", "model"]


@dataclass(frozen=True, eq=False)
class Party:
    """One who decides.

    Attributes:
        name: As shown.
        kind: What it is.
        decisions: Which moods each cover has.
        is_known: Whether there is a decision on the cover; a rater may not have come to it, or can't tell.
        knows: Which moods the party can name at all; a model leaves rare ones out.
        is_simulated: Whether nobody was there.
        n_cannot_tell: Covers that a rater looked at and can't tell from.
    """

    name: str
    kind: Kind
    decisions: Bool[np.ndarray, "N M"]
    is_known: Bool[np.ndarray, " N"]
    knows: Bool[np.ndarray, " M"]
    is_simulated: bool = False
    n_cannot_tell: int = 0

    def moods_on(self, n: int, moods: Sequence[str]) -> tuple[str, ...]:
        """Names of what was decided on a cover."""
        return tuple(moods[m] for m in np.flatnonzero(self.decisions[n]).tolist())


def party_of_rater(study: Study, name: str, answers: Mapping[int, Answer], *, showing: int = 1) -> Party:
    """A rater's answers at the first, or a later, showing of each cover; "can't tell" is no decision."""
    rater = study.rater(name)
    of_item = {
        answer.item: answer
        for position, answer in answers.items()
        if position >= study.n_training and study.showing(rater, position) == showing
    }
    found = [of_item.get(item) for item in study.items]
    decisions = np.array([[a is not None and m in a.moods for m in study.moods] for a in found], dtype=bool)
    return Party(
        name=name,
        kind="rater",
        decisions=decisions,
        is_known=np.array([a is not None and not a.cannot_tell for a in found], dtype=bool),
        knows=np.ones(len(study.moods), dtype=bool),
        is_simulated=any(a is not None and a.source == "simulated" for a in found),
        n_cannot_tell=sum(a is not None and a.cannot_tell for a in found),
    )


def party_of_set(study: Study, key: Key, *, name: str = "the set") -> Party:
    """What the set says."""
    return Party(
        name=name,
        kind="set",
        decisions=np.array([[m in key.items[i].moods for m in study.moods] for i in study.items], dtype=bool),
        is_known=np.ones(len(study.items), dtype=bool),
        knows=np.ones(len(study.moods), dtype=bool),
    )


def party_of_model(
    study: Study,
    *,
    name: str,
    moods: Sequence[str],
    probabilities: Float[np.ndarray, "N K"],
    thresholds: Float[np.ndarray, " K"],
) -> Party:
    """A model's decisions: probabilities of its K moods on the study's covers, each against its threshold."""
    decisions = np.zeros((len(study.items), len(study.moods)), dtype=bool)
    knows = np.array([mood in moods for mood in study.moods], dtype=bool)
    columns = [list(moods).index(mood) for mood in study.moods if mood in moods]
    decisions[:, knows] = (probabilities >= thresholds)[:, columns]
    return Party(name, "model", decisions, np.ones(len(study.items), dtype=bool), knows)


def choose_thresholds(
    target: Bool[np.ndarray, "N K"], probabilities: Float[np.ndarray, "N K"]
) -> Float[np.ndarray, " K"]:
    """A threshold per mood, at which it is said as often as the targets have it; give it the validation side.

    Equal shares of yes also let kappa reach its highest. Chosen on one half of the validation side and judged on the
    other (40 halvings, four models of 1,525 albums), pooled kappa to the set was .125, .233, .160 and .234 this way;
    with the one threshold of highest pooled kappa .086, .228, .132 and .234; with the best kappa mood by mood .095,
    .211, .150 and .216: rare moods have too few albums to look for more.
    """
    shares = target.mean(axis=0)
    found = [np.quantile(p, 1 - share) for p, share in zip(probabilities.T, shares, strict=True)]
    # A mood that no validation album has is never said.
    return np.where(shares > 0, found, np.inf)
