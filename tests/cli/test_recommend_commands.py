"""`albumnet recommend` from a table to answers, and how each bad input ends."""

import json
import shutil

import numpy as np
import pyarrow.parquet as pq
import pytest

from albumnet.cli import app
from albumnet.dataset import AlbumSet
from albumnet.pipeline import recommending
from albumnet.recommend import evaluation, tuning
from albumnet.recommend.folder import read_folder

COMMANDS = ("for", "like", "mood")


def write_ratings(path, album_set, *, n_users=12, seed=0):
    """Everyone rates half the albums; two albums that the set lacks, and a duplicate."""
    rng = np.random.default_rng(seed)
    lines = ["user,album_id,artist,title,rating"]
    for u in range(n_users):
        rated = [album for album in album_set.albums if rng.random() < 0.5]
        lines += [f"user{u},{album.album_id},,,{rng.choice([2, 3.5, 4, 5])}" for album in rated]
    lines += ["user1,nowhere,Nobody,Nothing,4", f"user2,{album_set.albums[0].album_id},,,5"] * 2
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def ratings(work, tmp_path_factory):
    return write_ratings(tmp_path_factory.mktemp("ratings") / "ratings.csv", AlbumSet(work.set))


@pytest.fixture(scope="module")
def rec(work, ratings, tmp_path_factory):
    path = tmp_path_factory.mktemp("rec") / "rec"
    with pytest.raises(SystemExit) as end:
        app(["recommend", "fit", str(ratings), "--set", str(work.set), "--model", str(work.run), "--out", str(path)])
    assert not end.value.code
    return path


def test_fitting_says_what_became_of_the_rows(run, work, ratings, tmp_path):
    said = run("recommend", "fit", ratings, "--set", work.set, "--model", work.run, "--out", tmp_path / "rec")
    assert (said.code, said.out) == (0, "")
    for part in ("2 of 1 albums that the set lacks", "Nobody – Nothing", "replaced by a later one", "12 users"):
        assert part in said.err


def test_a_fitted_recommender_is_replaced_only_by_force(run, work, ratings, rec):
    arguments = ("recommend", "fit", ratings, "--set", work.set, "--model", work.run, "--out", rec)
    said = run(*arguments)
    assert said.code == 1
    assert "--force" in said.error_line
    assert run(*arguments, "--force").code == 0


def test_albums_for_a_user_are_unknown_to_them_and_have_a_reason(run, rec):
    said = run("recommend", "for", "user3", "--rec", rec, "--top", 4, "--json")
    assert said.code == 0
    fitted = read_folder(rec)
    row = fitted.interactions.users.index("user3")
    known = {fitted.interactions.album_ids[n] for n in fitted.interactions.album[fitted.interactions.user == row]}
    assert [each["rank"] for each in said.json] == [1, 2, 3, 4]
    assert not known & {each["album_id"] for each in said.json}
    assert all("listeners" in each["reason"] for each in said.json)
    assert run("recommend", "for", "user3", "--rec", rec).out.startswith("rank ")


@pytest.mark.parametrize("by", ["hybrid", "listeners", "mood", "look"])
def test_albums_like_an_album_are_others(run, work, rec, by):
    album = AlbumSet(work.set).albums[4]
    said = run("recommend", "like", album.album_id, "--rec", rec, "--by", by, "--top", 3, "--json")
    assert said.code == 0
    assert len(said.json) == 3
    assert album.album_id not in {each["album_id"] for each in said.json}


def test_an_album_is_found_by_its_title(run, work, rec):
    album = AlbumSet(work.set).albums[4]
    by_name = run("recommend", "like", f"{album.artist} {album.title}".upper(), "--rec", rec, "--json")
    assert by_name.json == run("recommend", "like", album.album_id, "--rec", rec, "--json").json


def test_a_mood_is_asked_for_in_words_and_blended_with_taste(run, rec):
    anyone = run("recommend", "mood", "rainy", "nocturnal", "--rec", rec, "--json")
    someone = run("recommend", "mood", "rainy nocturnal", "--for", "user3", "--rec", rec, "--json")
    assert (anyone.code, someone.code) == (0, 0)
    assert all("closest to rainy nocturnal" in each["reason"] for each in anyone.json + someone.json)
    assert anyone.json != someone.json


def test_a_word_without_a_vector_is_listed_and_ends_with_3(run, rec):
    assert run("recommend", "mood", "rainy qzxqzx", "--rec", rec).code == 3
    assert run("recommend", "mood", "qzxqzx", "--rec", rec).code == 1


def test_unknown_users_and_albums_are_one_line_with_near_names(run, work, rec):
    assert "did you mean user1" in run("recommend", "for", "user1x", "--rec", rec).error_line
    assert "no user 'user99x'" in run("recommend", "mood", "rainy", "--for", "user99x", "--rec", rec).error_line
    album = AlbumSet(work.set).albums[4]
    said = run("recommend", "like", f"{album.artist} {album.title}x", "--rec", rec)
    assert said.code == 1
    assert album.title in said.error_line


@pytest.mark.parametrize("what", COMMANDS)
def test_a_folder_that_is_no_recommender_is_one_line(run, tmp_path, what):
    said = run("recommend", what, "rainy", "--rec", tmp_path)
    assert said.code == 1
    assert "no fitted recommender" in said.error_line


@pytest.mark.parametrize("name", ["factors.safetensors", "content.safetensors", "interactions.parquet"])
def test_a_damaged_file_is_one_line(run, rec, tmp_path, name):
    shutil.copytree(rec, tmp_path / "rec")
    (tmp_path / "rec" / name).write_bytes(b"no")
    said = run("recommend", "for", "user3", "--rec", tmp_path / "rec")
    assert said.code == 1
    assert name in said.error_line


@pytest.mark.parametrize(
    ("options", "code"),
    [(("--scale", "5"), 2), (("--scale", "1:10", "--liked", 11), 2), (("--scale", "20:30", "--liked", 25), 1)],
)
def test_a_scale_that_makes_no_sense_is_refused_before_fitting(run, work, ratings, tmp_path, options, code):
    arguments = ("--set", work.set, "--model", work.run, "--out", tmp_path / "rec")
    assert run("recommend", "fit", ratings, *arguments, *options).code == code
    assert not (tmp_path / "rec").exists()


def test_an_empty_table_is_one_line(run, work, tmp_path):
    (tmp_path / "empty.csv").write_text("")
    said = run(
        "recommend", "fit", tmp_path / "empty.csv", "--set", work.set, "--model", work.run, "--out", tmp_path / "r"
    )
    assert said.code == 1
    assert "is empty" in said.error_line


def test_evaluating_ends_with_a_line_about_cover_and_metadata(run, rec, monkeypatch):
    monkeypatch.setattr(tuning.tune_als, "__kwdefaults__", {"grid": ((4, 2.0, 1.0),)})
    kept = ("hybrid", "hybrid_permuted", "hybrid_genre_year", "hybrid_nothing", "als", "chance")
    monkeypatch.setattr(evaluation, "ROWS", tuple(row for row in evaluation.ROWS if row.name in kept))
    monkeypatch.setattr(recommending, "crossfitted_moods", _stand_in)
    said = run("recommend", "evaluate", rec, "--folds", 3, "--resamples", 20)
    assert said.code == 0
    assert "For albums without listeners:" in said.out.splitlines()[-1]
    assert "control: hybrid, covers of other albums" in said.out
    content = json.loads((rec / "evaluation.json").read_text())
    assert [each["scenario"] for each in content["results"]] == ["warm", "cold albums", "cold artists"]
    assert content["is_crossfitted"] is True
    assert (rec / "crossfitted.safetensors").is_file()


def _stand_in(album_set, model, **options):
    rng = np.random.default_rng(0)
    shape = (len(album_set.albums), 3)
    return {name: rng.normal(size=shape).astype(np.float32) for name in ("moods", "mood_vectors", "moods_permuted")}


def test_mood_vectors_are_exported_at_unit_length(run, work, tmp_path):
    assert run("recommend", "vectors", work.set, "--model", work.run, "--out", tmp_path / "v.parquet").code == 0
    table = pq.read_table(tmp_path / "v.parquet")
    assert table["album_id"].to_pylist() == [album.album_id for album in AlbumSet(work.set).albums]
    lengths = np.linalg.norm(np.array(table["vector"].to_pylist()), axis=1)
    np.testing.assert_allclose(lengths, 1, rtol=1e-5)
