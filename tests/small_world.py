"""An album set whose moods follow its features and not its metadata, small enough to train in a second."""

import numpy as np

from albumnet import pipeline
from albumnet.dataset import FeatureManifest, FeatureStore, write_album_set
from albumnet.pipeline import baselines, evaluating
from albumnet.records import Album, build_vocabulary

MOODS = ("Bleak", "Calm", "Playful", "Warm")
N_ALBUMS, D = 400, 12


def make_albums(rng):
    """Moods follow the features (not the metadata): mood m is likely where feature m is high."""
    features = rng.normal(size=(N_ALBUMS, D))
    chance = 1 / (1 + np.exp(-3 * features[:, : len(MOODS)] + 0.5))
    has = rng.random((N_ALBUMS, len(MOODS))) < chance
    albums = [
        Album(
            album_id=f"a{n}",
            artist=f"artist {n % 150}",
            moods=tuple(mood for mood, is_there in zip(MOODS, has[n], strict=True) if is_there),
            genres=(("Rock", "Jazz")[n % 2],),
            year=1960 + n % 50,
            cover=f"{n:064x}",
        )
        for n in range(N_ALBUMS)
    ]
    return albums, features + 5


def make_set(path, albums, features, *, n_with_features=N_ALBUMS, vocabulary=None):
    vocabulary = vocabulary or build_vocabulary(a.moods for a in albums)
    album_set = write_album_set(path, albums, vocabulary=vocabulary, import_digest="test")
    album_set.write_splits(
        {a.album_id: ("train", "train", "train", "valid", "test")[int(a.artist.split()[1]) % 5] for a in albums}, seed=0
    )
    manifest = FeatureManifest("efficientnet_lite0", "w" * 16, "t" * 12, (D,), {"channels": "RGB"})
    store = FeatureStore(album_set.features_dir("efficientnet_lite0"), manifest)
    store.append([a.cover for a in albums][:n_with_features], features[:n_with_features])
    return album_set


def train(album_set, out, model="1", **options):
    chosen = pipeline.training_options(album_set, model=model, device="cpu", **options)
    return pipeline.train(album_set, out, options=chosen, backbone="efficientnet_lite0")


def leave_out_baselines(patch, *names):
    """Evaluate beside the other baselines: there are no pictures here for colours, or they would only take time."""
    kept = {name: baseline for name, baseline in baselines.BASELINES.items() if name not in names}
    patch.setattr(evaluating, "BASELINES", kept)
