"""The long and the wide form, by themselves and through an import."""

import pytest

from albumnet.errors import InputTableError
from albumnet.sources import import_table
from albumnet.sources.forms import gather_long, gather_wide
from albumnet.sources.tables import TableOptions


def moods_of(result):
    return {album.album_id: album.moods for album in result.album_set.albums}


def test_the_long_form_is_gathered_by_rank(csv_table, covers, tmp_path):
    table = csv_table(
        "album_id,artist,cover,mood,rank",
        "1,Can,a.png,Sad,2",
        "2,Low,b.png,Cold,1",
        "1,Can,a.png,Warm,1",
        "3,Abba,c.png,,",
    )
    result = import_table(table, covers, out=tmp_path / "set", options=TableOptions(form="long"))
    assert moods_of(result) == {"1": ("Warm", "Sad"), "2": ("Cold",), "3": ()}
    assert result.album_set.albums[0].artist == "Can"


def test_without_ranks_the_order_of_rows_counts():
    rows = [{"album_id": 1, "mood": "Sad"}, {"album_id": 1, "mood": "Warm"}]
    assert gather_long(["album_id", "mood"], rows, where="x")[1] == [{"album_id": 1, "moods": ["Sad", "Warm"]}]


def test_moods_of_another_table_replace_the_first_ones(csv_table, covers, tmp_path):
    moods = csv_table("album_id,mood,rank", "1,Sad,2", "1,Warm,1", "9,Lost,1", name="moods.csv")
    table = csv_table("album_id,cover", "1,a.png", "2,b.png")
    result = import_table(table, covers, out=tmp_path / "set", moods_table=moods)
    assert moods_of(result) == {"1": ("Warm", "Sad"), "2": ()}


def test_a_changed_table_of_moods_is_another_import(csv_table, covers, tmp_path):
    table = csv_table("album_id,cover", "1,a.png")
    moods = csv_table("album_id,mood,rank", "1,Sad,2", name="moods.csv")
    import_table(table, covers, out=tmp_path / "set", moods_table=moods)
    csv_table("album_id,mood,rank", "1,Warm,2", name="moods.csv")
    again = import_table(table, covers, out=tmp_path / "set", moods_table=moods, force=True)
    assert moods_of(again) == {"1": ("Warm",)}


def test_what_score_writes_is_a_long_form(parquet_table, csv_table, covers, tmp_path):
    scored = parquet_table(album_id=["1", "1"], mood=["Sad", "Warm"], probability=[0.2, 0.8], rank=[2, 1])
    table = csv_table("album_id,cover", "1,a.png")
    assert moods_of(import_table(table, covers, out=tmp_path / "set", moods_table=scored)) == {"1": ("Warm", "Sad")}


def test_a_column_per_mood_is_gathered_by_strength(csv_table, covers, tmp_path):
    table = csv_table(
        "album_id,cover,Warm,Sad,Cold,Odd", "1,a.png,0.2,0.9,0,true", "2,b.png,1,1,,no", "3,c.png,0,-1,nan,"
    )
    result = import_table(table, covers, out=tmp_path / "set", options=TableOptions(form="wide"))
    assert moods_of(result) == {"1": ("Odd", "Sad", "Warm"), "2": ("Warm", "Sad"), "3": ()}


def test_a_column_that_is_no_mood_is_named_and_can_be_passed_over(csv_table, covers, tmp_path):
    table = csv_table("album_id,cover,Warm,label", "1,a.png,1,Sub Pop")
    with pytest.raises(InputTableError, match=r"row 1: label is 'Sub Pop'.*--rename 'label'="):
        import_table(table, covers, out=tmp_path / "set", options=TableOptions(form="wide"))
    options = TableOptions(form="wide", renames={"label": ""})
    assert moods_of(import_table(table, covers, out=tmp_path / "set", options=options)) == {"1": ("Warm",)}


def test_forms_that_are_none_are_one_line():
    with pytest.raises(InputTableError, match="no column 'mood'"):
        gather_long(["album_id"], [], where="x")
    with pytest.raises(InputTableError, match="row 1: rank is 'first'"):
        gather_long(["album_id", "mood", "rank"], [{"album_id": 1, "mood": "Sad", "rank": "first"}], where="x")
    with pytest.raises(InputTableError, match="no column besides the known ones"):
        gather_wide(["album_id"], [], moods=[], where="x")
