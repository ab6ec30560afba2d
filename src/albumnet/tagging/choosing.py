"""Which of a prediction's moods are worth writing down, and how."""

from __future__ import annotations

from dataclasses import dataclass

from albumnet.marks import MoodMark
from albumnet.models.answers import Prediction


@dataclass(frozen=True, slots=True)
class Choice:
    """What is wanted of a prediction.

    Attributes:
        top: Moods at most.
        min_probability: Less likely moods are left out, and those not likelier than among all albums.
        join: Writes all moods as one value with this between them, for players that read one; None for several values.
    """

    top: int = 5
    min_probability: float = 0.3
    join: str | None = None

    def choose(self, prediction: Prediction, *, model: str) -> MoodMark | None:
        """The moods to write, likeliest first; None where the model cannot tell or no mood is likely enough.

        Moods that the model would only guess (`MoodProbability.is_told`) are never written.
        """
        if prediction.can_tell is False:
            return None
        chosen = tuple(
            (found.mood, found.probability)
            for found in prediction.moods
            if found.is_told is not False
            and found.probability >= self.min_probability
            and found.probability > found.base_rate
        )[: self.top]
        return MoodMark(model, chosen, self.join) if chosen else None
