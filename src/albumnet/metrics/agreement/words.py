"""The words that people read kappas by; they are only ever shown beside the number and its interval."""

from __future__ import annotations

import math


def kappa_in_words(low: float, high: float) -> str:
    """Landis and Koch's words for all that an interval holds: "slight to fair"; "" where an end is undefined.

    Source:
        Landis & Koch (1977), "The measurement of observer agreement for categorical data", Biometrics 33(1), 159-174.
        The divisions are "clearly arbitrary", as they say themselves.
    """
    if math.isnan(low) or math.isnan(high):
        return ""
    first, last = _word(low), _word(high)
    return first if first == last else f"{first} to {last}"


def _word(kappa: float) -> str:
    return next((word for end, word in _WORDS if kappa < end), "almost perfect")


# Their tables leave open on which side an end lies; it goes to the lower word, as 0.20 is "slight".
_WORDS = (
    (0.0, "poor"),
    (math.nextafter(0.2, 1), "slight"),
    (math.nextafter(0.4, 1), "fair"),
    (math.nextafter(0.6, 1), "moderate"),
    (math.nextafter(0.8, 1), "substantial"),
)
