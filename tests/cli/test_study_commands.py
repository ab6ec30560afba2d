"""`albumnet study …`, from drawing covers to the report."""

import re

import pytest

from albumnet.dataset import AlbumSet
from albumnet.study import StudyOptions, create_study, read_study


@pytest.fixture
def study(run, work, tmp_path):
    options = ("--covers", 5, "--repeats", 1, "--raters", "anna,ben", "--out", tmp_path / "study")
    outcome = run("study", "create", work.set, *options)
    assert outcome.code == 0, outcome.err
    assert len(re.findall(r"http://localhost:8701/r/[\w-]{32}\n", outcome.out)) == 2
    return tmp_path / "study"


@pytest.fixture
def rated(run, study):
    assert run("study", "simulate", study, "--raters", "anna,ben").code == 0
    return study


def test_report_has_raters_set_and_model_beside_each_other_and_says_simulated(run, rated, work):
    outcome = run("study", "report", rated, "--model", work.run)
    assert outcome.code == 0, outcome.err
    for pair in ("anna - ben", "anna - the set", "ben - model 2", "model 2 - the set"):
        assert pair in outcome.out
    assert outcome.out.startswith("SIMULATED")
    page = (rated / "report.html").read_text("utf-8")
    assert "SIMULATED" in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    again = run("study", "report", rated, "--model", work.run)
    assert again.out == outcome.out


def test_a_model_that_learned_from_rated_covers_is_refused_by_the_covers_names(run, work, tmp_path):
    album_set = AlbumSet(work.set)
    created = create_study(album_set, tmp_path / "s", StudyOptions(("anna",), 4, side="train", n_repeats=0))
    run("study", "simulate", created.study.path, "--raters", "anna")
    outcome = run("study", "report", created.study.path, "--model", work.run)
    assert outcome.code == 1
    assert "4 of the 4 rated covers are on the training side" in outcome.error_line
    named = {
        f"{a.artist} – {a.title} ({a.album_id})" for a in album_set.albums if album_set.splits[a.album_id] == "train"
    }
    assert sum(name in outcome.error_line for name in named) == 4


def test_another_set_than_the_covers_are_of_is_refused(run, rated, work, tmp_path):
    half = tmp_path / "half.csv"
    half.write_text("\n".join(work.table.read_text("utf-8").splitlines()[:21]) + "\n", "utf-8")
    assert run("import", "table", half, "--covers", work.covers, "--out", tmp_path / "other").code == 0
    outcome = run("study", "report", rated, "--model", work.run, "--set", tmp_path / "other")
    assert outcome.code == 1
    assert "--set" in outcome.error_line


def test_a_report_before_anybody_rated_says_so(run, study):
    outcome = run("study", "report", study)
    assert outcome.code == 1
    assert "nobody has rated" in outcome.error_line


def test_raters_who_answered_are_not_simulated_over(run, rated):
    outcome = run("study", "simulate", rated, "--raters", "anna")
    assert outcome.code == 1
    assert "anna answered already" in outcome.error_line


def test_a_study_is_not_overwritten(run, study, work):
    outcome = run("study", "create", work.set, "--covers", 4, "--repeats", 0, "--raters", "a", "--out", study)
    assert outcome.code == 1
    assert "--force" in outcome.error_line


@pytest.mark.parametrize(("kind", "suffix"), [("csv", "csv"), ("jsonl", "jsonl"), ("label-studio", "json")])
def test_export_and_import_again(run, rated, tmp_path, kind, suffix):
    file = tmp_path / f"answers.{suffix}"
    assert run("study", "export", rated, "--as", kind, "--out", file).code == 0
    outcome = run("study", "import", rated, file)
    assert outcome.code == 0
    assert outcome.err.startswith("0 answers new")


def test_an_import_that_contradicts_is_listed_and_ends_with_3(run, rated, tmp_path):
    study = read_study(rated)
    (tmp_path / "a.csv").write_text(f"rater,item,moods,cannot_tell\nanna,{study.items[0]},,1\n", "utf-8")
    run("study", "export", rated, "--out", tmp_path / "before.csv")
    outcome = run("study", "import", rated, tmp_path / "a.csv")
    run("study", "export", rated, "--out", tmp_path / "after.csv")
    assert outcome.code == 3
    assert "line 2: anna answered" in outcome.err
    assert (tmp_path / "before.csv").read_bytes() == (tmp_path / "after.csv").read_bytes()


def test_a_copy_for_one_rater_comes_home(run, study, tmp_path):
    outcome = run("study", "export", study, "--as", "folder", "--rater", "anna", "--out", tmp_path / "copy")
    assert outcome.code == 0
    assert not (tmp_path / "copy/key.json").exists()
    outcome = run("study", "merge", study, tmp_path / "copy")
    assert outcome.code == 0
    assert "0 answers new" in outcome.err
    assert run("study", "export", study, "--as", "folder", "--out", tmp_path / "other").code == 2


def test_revoke_gives_a_new_link_if_asked(run, study):
    outcome = run("study", "revoke", study, "anna", "--new-link")
    assert outcome.code == 0
    assert "1 links of anna revoked" in outcome.err
    assert "/r/" in outcome.out
    assert run("study", "revoke", study, "eve").code == 1


def test_plan_says_how_many_covers_it_takes(run, work):
    outcome = run("study", "plan", work.set, "--width", 0.5, "--simulated", 10)
    assert outcome.code == 0
    assert re.search(r"2 raters: \d+ covers for 0\.5", outcome.out)
    assert "800" in outcome.out


def test_serve_of_no_study_is_one_line(run, tmp_path):
    outcome = run("study", "serve", tmp_path, "--port", 0)
    assert outcome.code == 1
    assert "no study" in outcome.error_line
