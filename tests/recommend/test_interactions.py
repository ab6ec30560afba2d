"""Tables of ratings and plays: what is matched, what is counted, and what is one line."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from albumnet.errors import InputTableError
from albumnet.recommend.interactions import RatingScale, describe_report, read_interactions
from albumnet.records import Album

ALBUMS = (
    Album("a", "Nina", "Blue"),
    Album("b", "Björk", "Red-Green"),
    Album("c", "Twin", "Same"),
    Album("d", "Twin", "Same"),
)


def read(tmp_path, text, **options):
    path = tmp_path / "ratings.csv"
    path.write_text(text)
    return read_interactions(path, ALBUMS, **options)


def test_albums_are_matched_by_id_then_by_artist_and_title(tmp_path):
    rows = "user,album_id,artist,title,rating\n1,a,,,5\n1,,björk,red green,4\n2,zz,Nina,BLUE,2\n2,yy,No,One,3\n"
    found, report = read(tmp_path, rows)
    assert (report.n_by_id, report.n_by_name, report.n_unmatched) == (1, 2, 1)
    assert report.unmatched == {("yy", "No", "One"): 1}
    assert found.users == ("1", "2")
    assert found.liked().toarray().tolist() == [[1, 1, 0, 0], [0, 0, 0, 0]]
    assert found.seen().toarray().tolist() == [[1, 1, 0, 0], [1, 0, 0, 0]]


def test_a_name_that_two_albums_bear_matches_neither(tmp_path):
    _, report = read(tmp_path, "user,artist,title,rating\n1,Twin,Same,5\n1,Nina,Blue,5\n")
    assert (report.n_by_name, report.n_unmatched) == (1, 1)


def test_all_that_cannot_be_used_is_counted_and_said(tmp_path):
    rows = "user,album_id,rating\n1,a,5\n1,a,2\n1,b,9\n2,b,4\n,b,4\n3,zz,4\n1,c,what\n1,b,\n"
    found, report = read(tmp_path, rows)
    assert report.n_duplicates == 1
    assert report.n_out_of_scale == 3
    assert report.n_without_user == 1
    assert report.n_users_left_out == 1
    assert report.n_single == 2
    assert found.seen().toarray().tolist() == [[1, 0, 0, 0], [0, 1, 0, 0]]
    # The later rating stands.
    assert found.liked().toarray().tolist() == [[0, 0, 0, 0], [0, 1, 0, 0]]
    said = "\n".join(describe_report(report))
    for part in ("8 rows", "out of scale", "replaced", "without a user", "single album", "the set lacks", "zz"):
        assert part in said


def test_of_two_rows_the_later_by_time_stands(tmp_path):
    found, _ = read(tmp_path, "user,album_id,rating,time\n1,a,5,2024-02-01\n1,a,1,2023-02-01\n1,b,5,2020-01-01\n")
    assert found.liked().toarray().tolist() == [[1, 1, 0, 0]]


def test_plays_are_likes_that_weigh_by_their_logarithm(tmp_path):
    path = tmp_path / "plays.parquet"
    pq.write_table(pa.table({"user": [7, 7, 8], "album_id": ["a", "b", "a"], "plays": [1, 100, 0]}), path)
    found, report = read_interactions(path, ALBUMS)
    np.testing.assert_allclose(found.liked().toarray(), [[1, 1 + np.log(100), 0, 0]], rtol=1e-6)
    assert not found.is_explicit
    assert report.n_out_of_scale == 1


def test_what_counts_as_liked_can_be_said(tmp_path):
    found, _ = read(tmp_path, "user,album_id,rating\n1,a,7\n1,b,6\n", scale=RatingScale(1, 10, 7))
    assert found.liked().nnz == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("user,album_id,rating\n", "holds no row"),
        ("album_id,rating\na,3\n", "no column 'user'"),
        ("user,rating\n1,3\n", "needs album_id"),
        ("user,album_id\n1,a\n", "needs one of the columns rating and plays"),
        ("user,album_id,rating,plays\n1,a,3,4\n", "needs one of the columns rating and plays"),
        ("user,album_id,rating\n1,zz,3\n", "none of the 1 rows"),
        ("user,album_id,rating\n1,a,77\n", "from 0.5 to 5 (--scale)"),
        ("user,album_id,rating\n1,a,2\n", "lower --liked"),
        ("user,album_id,rating\n1,a\n", "cannot read"),
    ],
)
def test_a_table_that_cannot_be_used_is_one_line(tmp_path, text, said):
    with pytest.raises(InputTableError) as caught:
        read(tmp_path, text)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_another_kind_are_one_line(tmp_path):
    with pytest.raises(InputTableError, match="does not exist"):
        read_interactions(tmp_path / "no.csv", ALBUMS)
    (tmp_path / "x.txt").write_text("user")
    with pytest.raises(InputTableError, match=r"ends in \.txt"):
        read_interactions(tmp_path / "x.txt", ALBUMS)
