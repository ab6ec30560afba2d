"""Imports: covers stored once, failures listed, safe to run again after any end, never over another set unasked."""

import re
import shutil
from pathlib import Path

import pytest
from PIL import Image

from albumnet.dataset import AlbumSet
from albumnet.errors import AlbumSetError, InputTableError
from albumnet.records import MoodAliases
from albumnet.sources import import_table
from albumnet.sources.tables import TableOptions


def test_an_import_makes_a_whole_set(planted_table, planted_set):
    again = AlbumSet(planted_set.path)
    assert [album.album_id for album in again.albums] == [f"pw{n:04d}" for n in range(1, 61)]
    for album in again.albums[:3]:
        original = planted_table.parent / "covers" / album.cover_file
        assert again.read_cover(album.cover) == original.read_bytes()
    assert set(again.splits.values()) == {"train", "valid", "test"}
    assert (again.path / "card.md").read_text("utf-8").startswith("# Album set `set`")


def test_columns_passed_over_are_part_of_the_result(csv_table, covers, tmp_path):
    table = csv_table("album_id,moods,cover,link", "a1,Warm,a.png,x")
    for _ in range(2):
        assert import_table(table, covers, out=tmp_path / "set").ignored_columns == ("link",)


def test_spellings_of_a_mood_become_the_commonest_or_the_alias(csv_table, covers, tmp_path):
    table = csv_table(
        "album_id,moods,cover",
        "1,Amiable/GoodNatured|laid back,a.png",
        "2,Laid-Back|LaidBack|Warm,b.png",
        "3,Laid-Back|Amiable/Good-Natured,c.png",
        "4,Sunny|Amiable/GoodNatured,c.png",
        "5,Amiable/GoodNatured,c.png",
    )
    aliases = MoodAliases({"amiable/goodnatured": "Amiable/Good-Natured", "sunny": "Warm"})
    album_set = import_table(table, covers, out=tmp_path / "set", options=TableOptions(aliases=aliases)).album_set
    assert album_set.vocabulary.names == ("Amiable/Good-Natured", "Laid-Back", "Warm")
    assert [album.moods for album in album_set.albums] == [
        ("Amiable/Good-Natured", "Laid-Back"),
        ("Laid-Back", "Warm"),
        ("Laid-Back", "Amiable/Good-Natured"),
        ("Warm", "Amiable/Good-Natured"),
        ("Amiable/Good-Natured",),
    ]


def test_an_album_without_moods_is_kept_and_so_is_a_set_of_only_such(csv_table, covers, tmp_path):
    table = csv_table("album_id,moods,cover", "1,Warm,a.png", "2,,b.png")
    assert [a.moods for a in import_table(table, covers, out=tmp_path / "one").album_set.albums] == [("Warm",), ()]
    table = csv_table("album_id,moods,cover", "1,,a.png", "2,,b.png")
    album_set = import_table(table, covers, out=tmp_path / "none").album_set
    assert (len(album_set.albums), len(album_set.vocabulary)) == (2, 0)


def test_duplicated_album_ids_are_refused_with_both_rows(csv_table, covers, tmp_path):
    table = csv_table("album_id,moods,cover", "1,Warm,a.png", "2,Warm,b.png", "1,Cold,c.png")
    with pytest.raises(InputTableError, match="album_id '1' is in rows 1 and 3"):
        import_table(table, covers, out=tmp_path / "set")
    assert not (tmp_path / "set").exists()


def test_a_table_without_rows_is_refused(csv_table, covers, tmp_path):
    with pytest.raises(InputTableError, match="the table has no rows"):
        import_table(csv_table("album_id,moods,cover"), covers, out=tmp_path / "set")


def test_a_missing_folder_of_covers_is_refused(csv_table, tmp_path):
    with pytest.raises(InputTableError, match=r"nowhere is not a folder; --covers takes the folder"):
        import_table(csv_table("album_id,moods,cover", "1,,a"), tmp_path / "nowhere", out=tmp_path / "set")


def test_unusable_covers_are_listed_and_their_albums_kept(csv_table, covers, tmp_path):
    (covers / "empty.jpg").write_bytes(b"")
    (covers / "text.jpg").write_text("not a picture", "utf-8")
    Image.new("RGB", (1, 1)).save(covers / "dot.png")
    (covers / "folder.png").mkdir()
    (tmp_path / "secret.png").write_bytes((covers / "a.png").read_bytes())
    reasons = {
        "gone.jpg": "no such file in .*covers; add it or mend its name in the table",
        "empty.jpg": "the file is empty",
        "text.jpg": "not a picture in JPEG, PNG",
        "dot.png": "1 x 1 pixels are too few",
        "folder.png": "cannot be read: Is a directory",
        "../secret.png": "lies outside .*covers; name covers relative to it",
        str(tmp_path / "secret.png"): "lies outside",
        "x" * 300: "cannot be read: File name too long",
    }
    table = csv_table("album_id,moods,cover", "ok,Warm,a.png", *(f"{n},Warm,{name}" for n, name in enumerate(reasons)))
    result = import_table(table, covers, out=tmp_path / "set")
    assert [album.cover is not None for album in result.album_set.albums] == [True] + [False] * len(reasons)
    assert [failure.item for failure in result.failures] == list(reasons)
    for failure in result.failures:
        assert re.match(reasons[failure.item], failure.reason), failure
        assert "\n" not in failure.reason
    assert AlbumSet(tmp_path / "set").failures == result.failures


def test_a_cover_name_with_a_zero_byte_is_listed(jsonl_table, covers, tmp_path):
    result = import_table(
        jsonl_table({"album_id": "1", "moods": ["Warm"], "cover": "a\0.png"}), covers, out=tmp_path / "set"
    )
    assert "cannot be read" in result.failures[0].reason


def test_an_album_without_a_cover_name_is_no_failure(csv_table, covers, tmp_path):
    result = import_table(csv_table("album_id,moods,cover", "1,Warm,"), covers, out=tmp_path / "set")
    assert result.failures == ()
    assert result.album_set.albums[0].cover is None


def test_covers_in_folders_below_and_behind_links_are_taken(csv_table, covers, tmp_path):
    (covers / "sub").mkdir()
    shutil.move(covers / "a.png", covers / "sub" / "a.png")
    shutil.move(covers / "b.png", tmp_path / "b.png")
    (covers / "b.png").symlink_to(tmp_path / "b.png")
    table = csv_table("album_id,moods,cover", "1,Warm,sub/a.png", "2,Warm,b.png")
    assert import_table(table, covers, out=tmp_path / "set").failures == ()


@pytest.mark.parametrize("folder", ["../covers", ".", "./../covers/", ".."])
def test_covers_are_found_below_a_folder_given_relatively(csv_table, covers, tmp_path, monkeypatch, folder):
    monkeypatch.chdir(covers)
    name = "covers/a.png" if folder == ".." else "a.png"
    table = csv_table("album_id,moods,cover", f"1,Warm,{name}", "2,Warm,../../x.png")
    result = import_table(table, Path(folder), out=tmp_path / "set")
    assert [failure.item for failure in result.failures] == ["../../x.png"]
    assert "lies outside" in result.failures[0].reason


def test_a_duplicate_cover_is_stored_once_and_keeps_its_albums_on_one_side(csv_table, covers, tmp_path):
    (covers / "again.png").write_bytes((covers / "a.png").read_bytes())
    table = csv_table("album_id,artist,moods,cover", "1,Can,Warm,a.png", "2,Low,Warm,again.png", "3,Abba,Warm,b.png")
    album_set = import_table(table, covers, out=tmp_path / "set").album_set
    assert album_set.albums[0].cover == album_set.albums[1].cover
    assert len([path for path in album_set.covers_dir.rglob("*") if path.is_file()]) == 2
    assert album_set.splits["1"] == album_set.splits["2"]


def test_progress_is_told_after_every_cover(csv_table, covers, tmp_path):
    told = []
    table = csv_table("album_id,moods,cover", "1,Warm,a.png", "2,Warm,gone.png")
    import_table(table, covers, out=tmp_path / "set", progress=told.append)
    assert [(step.stage, step.done, step.total) for step in told] == [("covers", 1, 2), ("covers", 2, 2)]


def state_of(folder):
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*") if path.is_file()}


def test_the_same_import_again_changes_nothing_and_lists_the_same_failures(csv_table, covers, tmp_path):
    table = csv_table("album_id,moods,cover", "1,Warm,a.png", "2,Warm,gone.png")
    first = import_table(table, covers, out=tmp_path / "set")
    before = state_of(tmp_path / "set")
    second = import_table(table, covers, out=tmp_path / "set")
    assert (first.was_there_already, second.was_there_already) == (False, True)
    assert second.failures == first.failures
    assert state_of(tmp_path / "set") == before


@pytest.mark.parametrize("change", ["table", "covers", "moods_column", "seed", "renames", "aliases", "encoding"])
def test_another_import_into_a_set_is_refused_and_leaves_it_alone(csv_table, covers, tmp_path, change):
    lines = ["album_id,moods,cover,other,artist", "1,Warm,a.png,Cold,Can"]
    table = csv_table(*lines)
    import_table(table, covers, out=tmp_path / "set")
    before = state_of(tmp_path / "set")
    options, seed = TableOptions(), 0
    if change == "table":
        csv_table(*lines, "2,Warm,b.png,Cold,Low")
    elif change == "covers":
        covers = shutil.copytree(covers, tmp_path / "copy")
    elif change == "seed":
        seed = 1
    else:
        value = {"moods_column": "other", "renames": {"artist": ""}, "encoding": "latin-1"}
        options = TableOptions(**{change: value.get(change, MoodAliases({"warm": "Hot"}))})
    with pytest.raises(AlbumSetError, match="made from another table, covers or options; pass --force"):
        import_table(table, covers, out=tmp_path / "set", options=options, seed=seed)
    assert state_of(tmp_path / "set") == before
    assert not import_table(
        table, covers, out=tmp_path / "set", options=options, seed=seed, force=True
    ).was_there_already


def test_force_replaces_albums_splits_and_card_and_keeps_covers(csv_table, covers, tmp_path):
    import_table(csv_table("album_id,moods,cover", "1,Warm,a.png"), covers, out=tmp_path / "set")
    table = csv_table("album_id,moods,cover", "2,Cold,b.png", "3,Sad,c.png")
    album_set = import_table(table, covers, out=tmp_path / "set", force=True).album_set
    assert album_set.vocabulary.names == ("Cold", "Sad")
    assert set(AlbumSet(album_set.path).splits) == {"2", "3"}
    assert "| albums | 2 |" in (album_set.path / "card.md").read_text("utf-8")
    assert len([path for path in album_set.covers_dir.rglob("*") if path.is_file()]) == 3


class Killed(BaseException):
    """Stands for what no program catches."""


def kill_at(n_covers):
    def progress(step):
        if step.done == n_covers:
            raise Killed

    return progress


def test_an_import_killed_between_covers_reads_as_unfinished_and_completes_when_run_again(csv_table, covers, tmp_path):
    table = csv_table("album_id,moods,cover", "1,Warm,a.png", "2,Warm,b.png", "3,Warm,c.png")
    with pytest.raises(Killed):
        import_table(table, covers, out=tmp_path / "set", progress=kill_at(2))
    with pytest.raises(AlbumSetError, match=r"holds no albums\.parquet"):
        AlbumSet(tmp_path / "set")
    kept = state_of(tmp_path / "set")
    assert len(kept) == 2
    result = import_table(table, covers, out=tmp_path / "set")
    assert not result.was_there_already
    assert state_of(tmp_path / "set").items() >= kept.items()
    assert set(AlbumSet(tmp_path / "set").splits) == {"1", "2", "3"}


def test_a_replacement_killed_between_covers_leaves_the_old_set_whole(csv_table, covers, tmp_path):
    import_table(csv_table("album_id,moods,cover", "1,Warm,a.png"), covers, out=tmp_path / "set")
    table = csv_table("album_id,moods,cover", "2,Cold,b.png", "3,Cold,c.png")
    with pytest.raises(Killed):
        import_table(table, covers, out=tmp_path / "set", force=True, progress=kill_at(1))
    assert AlbumSet(tmp_path / "set").splits.keys() == {"1"}


@pytest.mark.parametrize("stage", ["write_album_set", "split_albums", "write_card"])
def test_an_import_killed_while_writing_tables_completes_when_run_again(
    csv_table, covers, tmp_path, monkeypatch, stage
):
    def kill(*arguments, **options):
        raise Killed

    table = csv_table("album_id,moods,cover", "1,Warm,a.png", "2,Warm,gone.png")
    with monkeypatch.context() as patch:
        patch.setattr(f"albumnet.sources.importing.{stage}", kill)
        with pytest.raises(Killed):
            import_table(table, covers, out=tmp_path / "set")
    result = import_table(table, covers, out=tmp_path / "set")
    assert [failure.item for failure in result.failures] == ["gone.png"]
    assert AlbumSet(tmp_path / "set").splits.keys() == {"1", "2"}
    assert (tmp_path / "set" / "card.md").is_file()


def test_an_import_onto_a_full_disk_completes_once_there_is_space(csv_table, covers, tmp_path, full_disk):
    table = csv_table("album_id,moods,cover", "1,Warm,a.png")
    with full_disk(), pytest.raises(OSError, match="No space left"):
        import_table(table, covers, out=tmp_path / "set")
    assert state_of(tmp_path / "set") == {}
    assert import_table(table, covers, out=tmp_path / "set").album_set.albums[0].cover
