"""From an album set to a trained model: which moods, which inputs, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from albumnet.errors import RunError, TrainingError, WordVectorError
from albumnet.models.presets import MODELS
from albumnet.moodspace import WordVectors
from albumnet.records import Album
from albumnet.training import loop
from albumnet.training.assembly import TrainingOptions, choose_moods, train_model


def options(model="2", **others) -> TrainingOptions:
    return TrainingOptions(model=model, **{"preset": "quick", "min_albums_per_mood": 5, "device": "cpu", **others})


def albums(**counts: int) -> list[Album]:
    return [Album(album_id=f"{mood}{n}", moods=(mood,)) for mood, count in counts.items() for n in range(count)]


def test_moods_with_too_few_training_albums_are_left_out_and_counted():
    kept, left_out = choose_moods(albums(Cold=5, Warm=4, Dry=9), options())
    assert kept.names == ("Cold", "Dry")
    assert left_out == {"Warm": 4}


def test_albums_of_the_validation_side_do_not_count(world):
    counts = {m: sum(m in album.moods for album in world.sides["train"]) for m in world.album_set.vocabulary.names}
    rarest = min(counts, key=counts.__getitem__)
    in_all = sum(rarest in album.moods for side in world.sides.values() for album in side)
    assert counts[rarest] < in_all
    trained = train_model(world.sides, world.store, options=options(min_albums_per_mood=counts[rarest] + 1))
    assert trained.model.config.left_out_moods[rarest] == counts[rarest]


def test_a_mood_named_twice_on_one_album_counts_once():
    twice = [Album(album_id=str(n), moods=("Cold", "Cold")) for n in range(3)]
    with pytest.raises(TrainingError, match="the commonest of 1 has 3"):
        choose_moods(twice, options())


def test_no_mood_with_enough_albums_is_told_with_counts():
    wanted = r"no mood has 5 training albums \(the commonest of 2 has 4, of 7 albums\).*--min-albums-per-mood"
    with pytest.raises(TrainingError, match=wanted):
        choose_moods(albums(Cold=4, Warm=3), options())


def test_moods_that_are_given_are_taken_as_they_are():
    kept, left_out = choose_moods(albums(Cold=1, Warm=9), options(moods=("Cold",)))
    assert (kept.names, left_out) == (("Cold",), {})


@pytest.mark.parametrize("side", ["train", "valid"])
def test_an_empty_side_is_an_error_in_words(world, side):
    with pytest.raises(TrainingError, match=r"\b0 (training|validation)"):
        train_model({**world.sides, side: []}, world.store, options=options(moods=("Bleak", "Cheerful")))


@pytest.mark.parametrize("model", MODELS)
def test_every_model_learns_what_the_features_say(world, vectors, model):
    trained = train_model(world.sides, world.store, options=options(model, vectors=vectors))
    test = world.sides["test"]
    features = world.store.read([album.cover for album in test])
    probabilities = trained.model.probabilities(features, [a.genres for a in test], [a.year for a in test])
    target = trained.model.config.vocabulary.target([album.moods for album in test]).astype(bool)
    assert probabilities[target].mean() > probabilities[~target].mean() + 0.02
    assert ((probabilities >= 0) & (probabilities <= 1)).all()


def test_base_rates_are_those_of_the_training_albums(world):
    sides = world.sides
    config = train_model(sides, world.store, options=options()).model.config
    shares = [sum(mood in album.moods for album in sides["train"]) / len(sides["train"]) for mood in config.moods]
    assert config.base_rates == pytest.approx(shares)
    assert config.sizes == {"train": len(sides["train"]), "valid": len(sides["valid"])}


def test_albums_without_any_kept_mood_are_not_trained_on(world):
    config = train_model(world.sides, world.store, options=options(moods=("Bleak",))).model.config
    assert config.sizes["train"] == sum("Bleak" in album.moods for album in world.sides["train"])
    assert config.base_rates == (1.0,)


def test_the_test_side_is_not_looked_at(world):
    first = train_model(world.sides, world.store, options=options())
    second = train_model({**world.sides, "test": []}, world.store, options=options())
    for name, tensor in first.tensors.items():
        assert torch.equal(tensor, second.tensors[name]), name


def test_a_model_with_vectors_wants_some(world):
    with pytest.raises(TrainingError, match=r"model 4.* word vectors"):
        train_model(world.sides, world.store, options=options("4"))


def test_a_mood_without_a_word_vector_is_named(world):
    lacking = WordVectors(("bleak", "cheerful", "energetic"), np.eye(3, dtype=np.float32))
    with pytest.raises(WordVectorError, match="Laid-Back"):
        train_model(world.sides, world.store, options=options("3", vectors=lacking))


def test_a_model_with_the_cover_wants_features(world):
    with pytest.raises(TrainingError, match=r"model 1.* needs the features of a backbone"):
        train_model(world.sides, None, options=options("1"))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_missed_in_words(world):
    with pytest.raises(TrainingError, match=r"--device cuda.*use auto or cpu"):
        train_model(world.sides, world.store, options=options(device="cuda"))


@pytest.mark.parametrize(
    "changed",
    [{"seed": 1}, {"moods": ("Bleak", "Cheerful")}, {"model": "1"}, {"preset": "deep"}],
    ids=["seed", "moods", "model", "preset"],
)
def test_a_checkpoint_of_other_options_is_refused(world, tmp_path, changed):
    checkpoint = tmp_path / "checkpoint.safetensors"
    train_model(world.sides, world.store, options=options(), checkpoint=checkpoint)
    with pytest.raises(RunError, match="other data or with other options"):
        train_model(world.sides, world.store, options=replace(options(), **changed), checkpoint=checkpoint)


def test_a_checkpoint_of_other_albums_is_refused(world, tmp_path):
    checkpoint = tmp_path / "checkpoint.safetensors"
    train_model(world.sides, world.store, options=options(), checkpoint=checkpoint)
    first, *others = world.sides["train"]
    retagged = {**world.sides, "train": [replace(first, year=2001), *others]}
    with pytest.raises(RunError, match="other data or with other options"):
        train_model(retagged, world.store, options=options(), checkpoint=checkpoint)


def test_a_checkpoint_of_another_split_of_the_same_albums_is_refused(world, tmp_path):
    checkpoint = tmp_path / "checkpoint.safetensors"
    sides = world.sides
    moods = ("Bleak", "Cheerful", "Energetic", "Laid-Back")
    train_model(sides, world.store, options=options(moods=moods), checkpoint=checkpoint)
    moved = {"train": sides["train"][:-1], "valid": [sides["train"][-1], *sides["valid"]]}
    with pytest.raises(RunError, match="other data or with other options"):
        train_model(moved, world.store, options=options(moods=moods), checkpoint=checkpoint)


@pytest.mark.parametrize("model", ["2", "3"])
def test_a_model_resumed_is_the_model_that_was_not_cut_off(world, vectors, tmp_path, monkeypatch, model):
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0)
    monkeypatch.setattr(loop, "TRAINING_PER_SAVING", 0)
    whole = train_model(world.sides, world.store, options=options(model, vectors=vectors))

    def interrupt(progress):
        if progress.done == 3:
            raise KeyboardInterrupt

    checkpoint = tmp_path / "checkpoint.safetensors"
    again = {"options": options(model, vectors=vectors), "checkpoint": checkpoint}
    with pytest.raises(KeyboardInterrupt):
        train_model(world.sides, world.store, **again, progress=interrupt)
    resumed = train_model(world.sides, world.store, **again)
    assert resumed.model.config == whole.model.config
    for name, tensor in whole.tensors.items():
        assert torch.equal(tensor, resumed.tensors[name]), name


@pytest.mark.parametrize("model", ["3", "4"])
@pytest.mark.parametrize(("space", "asked"), [("decoded", ""), ("regressed", "regressed")])
def test_models_in_the_mood_space_are_decoded_unless_asked_otherwise(world, vectors, model, space, asked):
    options = TrainingOptions(
        model=model, preset="quick", space=asked, min_albums_per_mood=5, device="cpu", vectors=vectors
    )
    assert train_model(world.sides, world.store, options=options).model.config.space == space
