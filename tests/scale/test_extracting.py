"""The work on one shard: equal to the plain extraction, and careful with covers that kill."""

import dataclasses
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

from albumnet.dataset import FeatureStore
from albumnet.errors import FeatureStoreError
from albumnet.features import extract_features
from albumnet.scale import plan_features
from albumnet.scale.attempts import COVER_TRIES, WHOLE_TRIES

BACKBONE = "colour_statistics"


def test_shards_done_one_by_one_hold_what_a_plain_extraction_holds(copy_set, backbone):
    album_set, plain_set = copy_set("shards"), copy_set("plain")
    do_shard = plan_features(album_set, backbone, precision="float32").start()
    covers = list(dict.fromkeys(album.cover for album in album_set.albums))
    FeatureStore(album_set.features_dir(BACKBONE), plan_features(album_set, backbone).manifest)
    outcomes = [do_shard(covers[n : n + 7]) for n in range(0, len(covers), 7)]
    assert sum(outcome.n_done for outcome in outcomes) == len(covers)
    plain = extract_features(plain_set, backbone, device="cpu", precision="float32").store.read(covers)
    assert np.array_equal(FeatureStore(album_set.features_dir(BACKBONE)).read(covers), plain)


def test_a_worker_with_other_weights_says_both(copy_set, backbone):
    work = plan_features(copy_set("set"), backbone)
    other = dataclasses.replace(work.manifest, weights_digest="f" * 16)
    with pytest.raises(FeatureStoreError, match=f"a worker has colour_statistics .*{'f' * 16}"):
        dataclasses.replace(work, manifest=other).start()


def test_a_broken_cover_is_a_failure_of_its_own(copy_set, backbone):
    album_set = copy_set("set")
    covers = [album.cover for album in album_set.albums[:4]]
    (file,) = album_set.covers_dir.glob(f"*/{covers[2]}.*")
    file.write_bytes(b"no picture")
    outcome = plan_features(album_set, backbone).start()(covers)
    assert outcome.n_done == 3
    assert [failure.cover for failure in outcome.failures] == [covers[2]]


def test_a_cover_that_kills_its_worker_is_given_up_after_some_deaths_and_the_others_are_done(copy_set, backbone):
    album_set = copy_set("set")
    work = plan_features(album_set, backbone)
    FeatureStore(album_set.features_dir(BACKBONE), work.manifest)
    covers = [album.cover for album in album_set.albums[:5]]
    script = (
        "import pickle, sys\n"
        "from hostile_work import HostileWork\n"
        "fields, covers = pickle.loads(bytes.fromhex(sys.argv[1]))\n"
        "outcome = HostileWork(**fields, killers=(covers[1],)).start()(covers)\n"
        "print(outcome.n_done, [(f.cover, f.reason) for f in outcome.failures])\n"
    )
    argument = pickle.dumps((vars(work), covers)).hex()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(["tests", os.environ.get("PYTHONPATH", "")])}
    deaths = 0
    while True:
        ended = subprocess.run(
            [sys.executable, "-c", script, argument], env=environment, capture_output=True, text=True, check=False
        )
        if ended.returncode == 0:
            break
        assert ended.returncode == 1, ended.stderr
        assert not ended.stderr
        deaths += 1
    assert deaths == WHOLE_TRIES + COVER_TRIES
    assert ended.stdout.startswith("4 ")
    assert covers[1] in ended.stdout
    assert "workers died" in ended.stdout
    store = FeatureStore(album_set.features_dir(BACKBONE))
    assert [cover in store for cover in covers] == [True, False, True, True, True]
