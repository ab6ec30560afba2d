"""Why: what the backbone takes a cover for, where the model looked for a mood, and what would have changed its mind."""

from albumnet.web.explaining.addresses import router
from albumnet.web.explaining.explainer import Explainer

__all__ = ["Explainer", "router"]
