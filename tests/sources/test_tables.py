"""Tables as people have them: read right, or refused in one line that says what to do."""

import dataclasses

import numpy as np
import pyarrow as pa
import pytest

from albumnet.errors import InputTableError
from albumnet.records import Album
from albumnet.sources.tables import TableOptions, read_albums

ROW = {"album_id": "a1", "artist": "Can", "title": "Ege, Bamyası", "year": 1972, "genres": ["Rock", "Kraut"],
       "styles": ["Kraut"], "moods": ["Trippy", "Warm"], "cover": "a1.jpg"}  # fmt: skip
ALBUM = Album(
    album_id="a1",
    artist="Can",
    title="Ege, Bamyası",
    year=1972,
    genres=("Rock", "Kraut"),
    styles=("Kraut",),
    moods=("Trippy", "Warm"),
    cover_file="a1.jpg",
)


def read(table, **options):
    albums, _ = read_albums(table, options=TableOptions(**options))
    return albums


def refusal(table, **options):
    with pytest.raises(InputTableError) as caught:
        read_albums(table, options=TableOptions(**options))
    assert "\n" not in str(caught.value)
    return str(caught.value)


# Formats


def test_csv_with_lists_separated_by_bars(csv_table):
    table = csv_table(
        "album_id,artist,title,year,genres,styles,moods,cover",
        'a1,Can,"Ege, Bamyası",1972,Rock|Kraut,Kraut,Trippy| Warm |Trippy||,a1.jpg',
    )
    (album,) = read(table)
    assert album == dataclasses.replace(ALBUM, source="albums.csv")


def test_json_lines_with_lists_or_with_text_separated_by_bars(jsonl_table):
    as_text = ROW | {"album_id": 7, "moods": "Trippy|Warm", "year": "1972"}
    first, second = read(jsonl_table(ROW, as_text))
    assert first == dataclasses.replace(ALBUM, source="albums.jsonl")
    assert second == dataclasses.replace(ALBUM, source="albums.jsonl", album_id="7")


def test_parquet_with_lists_or_with_text_separated_by_bars(parquet_table):
    (album,) = read(parquet_table(**{name: [value] for name, value in ROW.items()}))
    assert album == dataclasses.replace(ALBUM, source="albums.parquet")
    (album,) = read(parquet_table(album_id=[7], moods=["Trippy|Warm"], cover=["a1.jpg"], year=[1972.0]))
    assert (album.album_id, album.moods, album.year) == ("7", ("Trippy", "Warm"), 1972)


def test_missing_values_are_empty_or_none(csv_table, jsonl_table, parquet_table):
    nothing = {"artist": "", "title": "", "year": None, "genres": (), "styles": (), "moods": (), "cover_file": None}
    tables = (
        csv_table("album_id,artist,title,year,genres,styles,moods,cover", "a1,,, ,,,,"),
        jsonl_table({"album_id": "a1", "moods": None, "cover": None}, {"album_id": "a1"}),
        parquet_table(album_id=["a1"], moods=pa.array([None], pa.list_(pa.string())), cover=pa.nulls(1), year=[np.nan]),
    )
    for table in tables:
        for album in read(table):
            assert album == dataclasses.replace(ALBUM, source=table.name, **nothing)


def test_a_byte_order_mark_is_passed_over(csv_table):
    (album,) = read(csv_table("album_id,moods,cover", "a1,Warm,a.png", encoding="utf-8-sig"))
    assert album.album_id == "a1"


def test_windows_line_ends_and_breaks_within_quotes_are_read(csv_table):
    (album,) = read(csv_table("album_id,title,moods,cover\r", '"a1","One\nTwo",Warm,a.png\r'))
    assert (album.title, album.cover_file) == ("One\nTwo", "a.png")


def test_a_line_separator_within_a_json_text_does_not_end_the_row(jsonl_table):
    (album,) = read(jsonl_table(ROW | {"title": "One\u2028Two\u0085Three"}))
    assert album.title == "One\u2028Two\u0085Three"


def test_latin_1_is_refused_as_utf_8_with_the_option_that_reads_it(csv_table):
    table = csv_table("album_id,artist,moods,cover", "a1,Björk,Warm,a.png", encoding="latin-1")
    assert "is not UTF-8: byte 0xf6 at position 33; save it as UTF-8, or say what it is with --encoding latin-1" in (
        refusal(table)
    )
    (album,) = read(table, encoding="latin-1")
    assert album.artist == "Björk"


@pytest.mark.parametrize("encoding", ["no-such-encoding", "utf-16"])
def test_a_wrong_encoding_is_refused(csv_table, encoding):
    assert "albums.csv" in refusal(csv_table("album_id,moods,cover", "a1,Warm,a.png"), encoding=encoding)


def test_a_table_of_another_kind_is_refused(tmp_path):
    assert "ends in .xlsx; expected .csv, .jsonl or .parquet" in refusal(tmp_path / "albums.xlsx")
    assert "ends in nothing" in refusal(tmp_path / "albums")


@pytest.mark.parametrize("name", ["albums.csv", "albums.jsonl", "albums.parquet"])
def test_a_missing_table_and_a_folder_in_its_place_are_refused(tmp_path, name):
    assert f"{name} does not exist" in refusal(tmp_path / name)
    (tmp_path / name).mkdir()
    assert name in refusal(tmp_path / name)


@pytest.mark.parametrize("name", ["albums.csv", "albums.jsonl"])
def test_an_empty_table_is_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"")
    assert f"{name} is empty; expected a row per album" in refusal(tmp_path / name)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"no table at all, but long enough to be looked at"])
def test_a_broken_parquet_table_is_refused(tmp_path, content):
    (tmp_path / "albums.parquet").write_bytes(content)
    assert "cannot read" in refusal(tmp_path / "albums.parquet")


@pytest.mark.parametrize(("row", "what"), [("a1,Warm", "fewer"), ("a1,Warm,Sad,a.png", "more")])
def test_a_ragged_csv_row_is_named(csv_table, row, what):
    table = csv_table("album_id,moods,cover", "a0,Warm,a.png", row)
    assert f"row 2 has {what} fields than the header; quote fields that contain commas" in refusal(table)


def test_an_unclosed_quote_is_refused(csv_table):
    assert "cannot read" in refusal(csv_table("album_id,moods,cover", 'a1,"Warm,a.png'))


@pytest.mark.parametrize(("line", "found"), [("{", "is not JSON"), ("[1]", r"is [1] (list)"), ("3", "is 3 (int)")])
def test_a_line_that_is_no_json_object_is_named(tmp_path, line, found):
    path = tmp_path / "albums.jsonl"
    path.write_text(f'{{"album_id": "a"}}\n\n{line}\n', "utf-8")
    assert f"line 3 {found}" in refusal(path)


# Columns


def test_moods_and_covers_are_read_from_the_columns_named(csv_table):
    table = csv_table("album_id,moods,moods_community,cover,front", "a1,Cold,Warm,a.png,b.png")
    (album,) = read(table, moods_column="moods_community", cover_column="front")
    assert (album.moods, album.cover_file) == (("Warm",), "b.png")


def test_columns_passed_over_are_known(csv_table):
    table = csv_table("album_id,moods,moods_community,cover,link", "a1,Cold,Warm,a.png,x")
    assert read_albums(table)[1] == ("moods_community", "link")
    assert read_albums(table, options=TableOptions(moods_column="moods_community"))[1] == ("moods", "link")


def test_a_column_can_be_renamed_and_wins_over_the_one_of_that_name(csv_table):
    table = csv_table("id,moods,tags,cover", "a1,Cold,Warm,a.png")
    (album,) = read(table, renames={"id": "album_id", "tags": "moods"})
    assert (album.album_id, album.moods) == ("a1", ("Warm",))


def test_a_column_renamed_to_nothing_is_passed_over(csv_table):
    table = csv_table("album_id,moods,cover,year", "a1,Cold,a.png,around 1970")
    (album,) = read(table, renames={"year": ""})
    assert album.year is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"renames": {"tags": "moods"}}, "has no column 'tags' to rename; it has album_id, moods, cover"),
        ({"renames": {"moods": "mods"}}, "--rename moods=mods: 'mods' is not one of album_id, artist"),
        ({"renames": {"moods": ""}}, "has no column 'moods'"),
        ({"moods_column": "moods_community"}, "has no column 'moods_community'; --moods-column takes one of album_id,"),
        ({"moods_column": "styles"}, "has no column 'styles'; --moods-column takes one of album_id,"),
        ({"cover_column": "front"}, "has no column 'front'; --cover-column takes one of album_id,"),
    ],
)
def test_an_option_that_names_no_column_is_refused(csv_table, options, message):
    assert message in refusal(csv_table("album_id,moods,cover", "a1,Cold,a.png"), **options)


@pytest.mark.parametrize("missing", ["album_id", "moods", "cover"])
def test_a_needed_column_that_is_missing_is_named_with_those_there_are(csv_table, missing):
    columns = ["number", *(name for name in ("album_id", "moods", "cover") if name != missing)]
    message = refusal(csv_table(",".join(columns), "1,x,y"))
    assert f"has no column {missing!r}; it has {', '.join(columns)}" in message
    assert f"--rename number={missing}" in message


@pytest.mark.parametrize(
    ("column", "meant"), [("Year", "year"), ("genre", "genres"), ("artists", "artist"), ("albumid", "album_id")]
)
def test_a_column_that_is_nearly_a_known_one_is_questioned(csv_table, column, meant):
    columns = [name for name in ("album_id", "moods", "cover") if name != meant]
    table = csv_table(",".join([*columns, column]), ",".join("x" * (len(columns) + 1)))
    message = refusal(table)
    assert f"unknown column {column!r}; did you mean {meant!r}? Say --rename {column}={meant}" in message


def test_a_near_miss_passed_over_on_purpose_is_not_questioned(csv_table):
    table = csv_table("album_id,moods,cover,Year", "a1,Cold,a.png,x")
    assert read(table, renames={"Year": ""})[0].year is None


def test_two_columns_of_one_name_are_refused(csv_table):
    assert "several columns 'moods'" in refusal(csv_table("album_id,moods,moods,cover", "a1,Cold,Warm,a.png"))


# Values


@pytest.mark.parametrize(
    "moods",
    [
        pa.array([3]),
        pa.array([[1, 2]]),
        pa.array([{"first": "Warm"}]),
        pa.array([[["Warm"]]]),
        pa.array([True]),
        pa.array([[None, "Warm"]]),
        pa.array([b"Warm"]),
    ],
    ids=str,
)
def test_a_parquet_column_of_moods_of_the_wrong_type_is_refused(parquet_table, moods):
    message = refusal(parquet_table(album_id=["a1"], moods=moods, cover=["a.png"]))
    assert "row 1: moods is " in message
    assert "expected a list of texts, or one text separated by |" in message


@pytest.mark.parametrize("moods", [{"Warm": 1}, [["Warm"]], [1], 0.5, True])
def test_moods_of_the_wrong_type_in_json_are_refused_with_their_row(jsonl_table, moods):
    message = refusal(jsonl_table(ROW, ROW | {"moods": moods}))
    assert "row 2: moods is " in message
    assert type(moods).__name__ in message


@pytest.mark.parametrize("moods", ["1972", "0.5", "-", "['Warm', 'Cold']", '{"Warm": 1}'])
def test_text_that_cannot_be_moods_is_refused(jsonl_table, moods):
    message = refusal(jsonl_table(ROW | {"moods": moods}))
    assert "row 1: moods holds " in message
    assert "expected names such as Playful|Warm" in message


def test_a_long_wrong_value_is_shortened(jsonl_table):
    assert len(refusal(jsonl_table(ROW | {"moods": list(range(9999))}))) < 300


@pytest.mark.parametrize("year", ["1972", "1972.0", 1972, 1972.0, " 1972 "])
def test_a_year_may_be_written_in_several_ways(jsonl_table, year):
    assert read(jsonl_table(ROW | {"year": year}))[0].year == 1972


@pytest.mark.parametrize("year", ["c. 1972", "1972-05-03", "72", 1972.5, 197, 30000, "inf", True, [1972]])
def test_a_wrong_year_is_refused_with_its_row(jsonl_table, year):
    message = refusal(jsonl_table(ROW | {"year": year}))
    assert "row 1: year is " in message
    assert "expected a whole number such as 1977, or nothing" in message


@pytest.mark.parametrize("value", [1.5, True, ["a"], {"id": 1}])
@pytest.mark.parametrize("name", ["album_id", "artist", "cover"])
def test_a_text_of_the_wrong_type_is_refused_with_its_row(jsonl_table, name, value):
    assert f"row 1: {name} is {value!r} ({type(value).__name__}); expected text" in refusal(
        jsonl_table(ROW | {name: value})
    )


def test_an_album_without_an_id_is_refused_with_its_row(csv_table):
    assert "row 2 has no album_id" in refusal(csv_table("album_id,moods,cover", "a1,Warm,x", " ,Warm,x"))
