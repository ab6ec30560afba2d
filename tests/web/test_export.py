"""Lists to take away."""

import csv
import io

import pytest

from albumnet.records import Album
from albumnet.web.export import as_csv, as_m3u


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(1)", "\t=1"])
def test_a_spreadsheet_runs_nothing_of_a_csv(text):
    (row,) = csv.DictReader(io.StringIO(as_csv([Album("1", text, text, moods=(text,))]), newline=""))
    for column in ("artist", "title", "moods"):
        assert row[column] == f"'{text}"


def test_csv_keeps_commas_quotes_and_line_breaks():
    (row,) = csv.DictReader(io.StringIO(as_csv([Album("1", 'A, "B"\nC', year=1977)]), newline=""))
    assert (row["artist"], row["year"]) == ('A, "B"\nC', "1977")


def test_a_name_in_an_m3u_is_one_line_and_climbs_out_of_no_folder():
    lines = as_m3u([Album("1", "../../x\n#EXTM3U\n/etc", "#a/..\\b")]).splitlines()
    assert lines[1].startswith("#EXTINF:-1,")
    assert len(lines) == 3
    assert not lines[2].startswith(("/", ".", "#"))
    assert lines[2].count("/") == 1
    assert as_m3u([Album("7")]).splitlines() == ["#EXTM3U", "#EXTINF:-1,7", "7"]
