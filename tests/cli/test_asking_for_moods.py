"""`predict --mood` and `score --mood`: a probability of moods that were trained on, and a closeness to all others."""

import json
import shutil

import pyarrow.parquet as pq
import pytest

UNSEEN = "Funereal"


@pytest.fixture
def known(in_mood_space) -> str:
    moods = json.loads((in_mood_space / "config.json").read_text())["moods"]
    assert UNSEEN not in moods
    return moods[1]


def test_an_unseen_mood_gets_a_closeness_that_says_it_is_no_probability(run, work, in_mood_space):
    said = run("predict", work.cover, "--model", in_mood_space, "--mood", UNSEEN)
    assert (said.code, said.err) == (0, "")
    cover, header, row, remark = said.out.splitlines()
    assert cover == str(work.cover)
    assert "probability" not in header
    assert "training albums" in header
    assert row.startswith(UNSEEN)
    assert row.endswith("%")
    assert remark == f"{UNSEEN}: not trained on; closeness ranks covers for a mood, and is no probability"


def test_a_known_mood_has_its_usual_probability_however_it_is_written(run, work, in_mood_space, known):
    usual = {
        m["mood"]: m
        for m in run("predict", work.cover, "--model", in_mood_space, "--json", "--top", 99).json[0]["moods"]
    }
    (found,) = run("predict", work.cover, "--model", in_mood_space, "--mood", known.upper(), "--json").json
    assert found["moods"] == [usual[known]]
    assert found["unseen_moods"] == []
    said = run("predict", work.cover, "--model", in_mood_space, "--mood", known)
    assert said.out.splitlines()[1].split() == ["mood", "probability", "base", "rate"]
    assert "closeness" not in said.out
    assert len(said.out.splitlines()) == 3


def test_moods_asked_for_twice_are_told_once_and_each_kind_by_itself(run, work, in_mood_space, known):
    command = ("predict", work.cover, "--model", in_mood_space, "--json")
    (found,) = run(*command, "--mood", UNSEEN, "--mood", known, "--mood", UNSEEN.lower()).json
    assert [mood["mood"] for mood in found["moods"]] == [known]
    ((near),) = found["unseen_moods"]
    assert set(near) == {"mood", "closeness", "higher_than", "n_compared"}
    assert near["n_compared"] > 10
    assert 0 <= near["higher_than"] <= 1


def test_without_the_training_albums_closeness_stands_alone(run, work, in_mood_space, tmp_path):
    path = shutil.copytree(in_mood_space, tmp_path / "run")
    config = json.loads((path / "config.json").read_text())
    (path / "config.json").write_text(json.dumps({**config, "album_set": str(tmp_path / "gone")}))
    said = run("predict", work.cover, "--model", path, "--mood", UNSEEN)
    assert (said.code, said.err) == (0, "")
    assert "training albums" not in said.out
    assert said.out.splitlines()[2].endswith("unknown")


def test_a_broken_cover_has_neither_moods_nor_closeness(run, work, in_mood_space, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff")
    said = run("predict", broken, work.cover, "--model", in_mood_space, "--mood", UNSEEN, "--json")
    assert said.code == 3
    assert [len(found["unseen_moods"]) for found in said.json] == [0, 1]


@pytest.mark.parametrize("name", ["Xyzzyish", "", " / "])
@pytest.mark.parametrize("command", ["predict", "score"])
def test_a_mood_outside_the_word_vectors_is_one_line(run, work, in_mood_space, command, name):
    said = run(command, work.cover if command == "predict" else work.set, "--model", in_mood_space, "--mood", name)
    assert (said.code, said.out) == (1, "")
    assert "no vector for 'xyzzyish'" in said.error_line or "has no word in it" in said.error_line


def test_a_model_whose_word_vectors_are_gone_or_changed_is_one_line(run, work, in_mood_space, tmp_path):
    path = shutil.copytree(in_mood_space, tmp_path / "run")
    config = json.loads((path / "config.json").read_text())
    for change, said in (({"vectors": "gone.txt"}, "gone.txt"), ({"vectors_digest": "0" * 16}, "0" * 16)):
        (path / "config.json").write_text(json.dumps({**config, **change}))
        assert said in run("predict", work.cover, "--model", path, "--mood", UNSEEN).error_line


def test_a_model_that_gives_logits_scores_unseen_moods_too(run, work):
    said = run("predict", work.cover, "--model", work.run, "--mood", UNSEEN)
    assert (said.code, said.err) == (0, "")
    assert "no probability" in said.out


def test_score_shows_the_highest_albums_of_each_mood(run, work, in_mood_space, known):
    said = run("score", work.set, "--model", in_mood_space, "--mood", UNSEEN, "--mood", known, "--top", 3)
    assert said.code == 0
    first, second = said.out.split("\n\n")
    assert first.splitlines()[0] == known
    assert first.splitlines()[1].split()[:2] == ["album", "probability"]
    assert (
        second.splitlines()[0] == f"{UNSEEN}: not trained on; closeness ranks covers for a mood, and is no probability"
    )
    rows = second.splitlines()[2:]
    assert len(rows) == 3
    assert [row.split()[-2] for row in rows] == ["100.0", "96.6", "93.1"]


def test_score_writes_asked_moods_with_probability_or_closeness_never_both(run, work, in_mood_space, known, tmp_path):
    out = tmp_path / "asked.parquet"
    said = run("score", work.set, "--model", in_mood_space, "--mood", UNSEEN, "--mood", known, "--out", out)
    assert (said.code, said.out) == (0, "")
    table = pq.read_table(out)
    assert table.column_names == ["album_id", "mood", "probability", "closeness", "higher_than"]
    rows = table.to_pylist()
    assert len(rows) == 60
    assert all((row["probability"] is None) == (row["mood"] == UNSEEN) for row in rows)
    assert all((row["closeness"] is None) == (row["mood"] == known) for row in rows)
    assert rows[0]["higher_than"] == 1
    assert b"albums" in table.schema.metadata
    assert run("score", work.set, "--model", in_mood_space, "--mood", UNSEEN, "--out", out).code == 1


def test_score_agrees_with_predict(run, work, in_mood_space, tmp_path):
    out = tmp_path / "asked.parquet"
    assert run("score", work.set, "--model", in_mood_space, "--mood", UNSEEN, "--out", out).code == 0
    of_set = pq.read_table(out)["closeness"].to_pylist()
    shown = run("score", work.set, "--model", in_mood_space, "--mood", UNSEEN, "--top", 30).out.splitlines()[2:]
    assert [float(row.split()[-3]) for row in shown] == pytest.approx(of_set, abs=5e-4)


def test_score_without_a_file_and_without_a_mood_is_wrong_usage(run, work):
    said = run("score", work.set, "--model", work.run)
    assert said.code == 2
    assert "--out" in said.err
