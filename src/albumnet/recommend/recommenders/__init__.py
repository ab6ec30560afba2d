"""One recommender a file, behind one protocol."""

from albumnet.recommend.recommenders.base import Recommender, UserItems
from albumnet.recommend.recommenders.chance import Chance
from albumnet.recommend.recommenders.content import Content
from albumnet.recommend.recommenders.hybrid import Hybrid, HybridOptions
from albumnet.recommend.recommenders.implicit_models import Als, AlsOptions, Bpr
from albumnet.recommend.recommenders.item_knn import ItemKnn
from albumnet.recommend.recommenders.popularity import Popularity
from albumnet.recommend.recommenders.same_artist import SameArtist

__all__ = [
    "Als",
    "AlsOptions",
    "Bpr",
    "Chance",
    "Content",
    "Hybrid",
    "HybridOptions",
    "ItemKnn",
    "Popularity",
    "Recommender",
    "SameArtist",
    "UserItems",
]
