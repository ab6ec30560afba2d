"""Predictions on disk: long form, read back as they were written, and refused when they are not whole."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from albumnet.dataset.predictions import read_predictions, write_predictions
from albumnet.errors import PredictionsError, SchemaVersionError


def test_predictions_are_in_long_form_ranked_within_each_album(tmp_path):
    path = tmp_path / "p.parquet"
    write_predictions(
        path,
        album_ids=["x", "y"],
        moods=["Bleak", "Warm", "Dry"],
        probabilities=np.array([[0.1, 0.7, 0.2], [0.5, 0.4, 0.9]], dtype=np.float32),
        splits=["valid", "test"],
        made_from={"vocabulary": "v"},
    )
    table = pq.read_table(path)
    assert table.column_names == ["album_id", "mood", "probability", "rank", "split"]
    assert table.schema.metadata == {b"schema_version": b"1", b"vocabulary": b"v"}
    rows = [tuple(row.values()) for row in table.to_pylist()]
    assert [(r[0], r[1], r[3], r[4]) for r in rows] == [
        ("x", "Warm", 1, "valid"),
        ("x", "Dry", 2, "valid"),
        ("x", "Bleak", 3, "valid"),
        ("y", "Dry", 1, "test"),
        ("y", "Bleak", 2, "test"),
        ("y", "Warm", 3, "test"),
    ]
    assert [r[2] for r in rows] == pytest.approx([0.7, 0.2, 0.1, 0.9, 0.5, 0.4])


def test_predictions_of_no_album_are_an_empty_table(tmp_path):
    path = tmp_path / "p.parquet"
    write_predictions(path, album_ids=[], moods=["Bleak"], probabilities=np.empty((0, 1)), made_from={})
    assert pq.read_table(path).num_rows == 0


@pytest.fixture
def path(tmp_path):
    """Two albums of the valid side and one of the test side, moods not in alphabetical order."""
    path = tmp_path / "p.parquet"
    write_predictions(
        path,
        album_ids=["x", "y", "z"],
        moods=["Warm", "Bleak"],
        probabilities=np.array([[0.75, 0.25], [0.5, 1.0], [0.0, 0.125]], dtype=np.float32),
        splits=["valid", "test", "valid"],
        made_from={"albums": "a", "vocabulary": "v"},
    )
    return path


def test_predictions_are_read_as_they_were_written_with_moods_in_alphabetical_order(path):
    read = read_predictions(path)
    assert read.album_ids == ("x", "y", "z")
    assert read.vocabulary.names == ("Bleak", "Warm")
    np.testing.assert_array_equal(read.probabilities, [[0.25, 0.75], [1.0, 0.5], [0.125, 0.0]])
    assert read.splits == ("valid", "test", "valid")
    assert read.made_from == {"albums": "a", "vocabulary": "v"}


def test_one_side_is_taken_alone(path):
    valid = read_predictions(path).of_side("valid")
    assert valid.album_ids == ("x", "z")
    np.testing.assert_array_equal(valid.probabilities, [[0.25, 0.75], [0.125, 0.0]])
    with pytest.raises(PredictionsError, match="train side"):
        read_predictions(path).of_side("train")


def test_rows_come_in_the_order_asked_for_and_an_unknown_album_is_named(path):
    read = read_predictions(path)
    np.testing.assert_array_equal(read.rows_of(["z", "x"]), [[0.125, 0.0], [0.25, 0.75]])
    with pytest.raises(PredictionsError, match="1 of 2 albums have no prediction, first 'w'"):
        read.rows_of(["x", "w"])


def rewrite(path, **columns):
    table = pq.read_table(path)
    for name, values in columns.items():
        table = table.set_column(table.column_names.index(name), name, pa.array(values, table[name].type))
    pq.write_table(table, path)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -0.1, 1.1])
def test_values_that_are_no_probabilities_are_refused(path, bad):
    rewrite(path, probability=[bad, 0.2, 0.3, 0.4, 0.5, 0.6])
    with pytest.raises(PredictionsError, match="no probabilities"):
        read_predictions(path)


def test_a_pair_that_is_missing_is_refused(path):
    rewrite(path, mood=["Warm", "Bleak", "Bleak", "Warm", "Bleak", "Bleak"])
    with pytest.raises(PredictionsError, match="expected each pair once"):
        read_predictions(path)
    pq.write_table(pq.read_table(path).slice(1), path)
    with pytest.raises(PredictionsError, match="5 rows for 3 albums and 2 moods"):
        read_predictions(path)


def test_a_file_that_is_missing_or_lacks_a_column_or_a_version_is_one_line(path):
    with pytest.raises(PredictionsError, match="does not exist"):
        read_predictions(path.with_name("none.parquet"))
    table = pq.read_table(path)
    pq.write_table(table.drop_columns("rank"), path)
    with pytest.raises(PredictionsError, match="no column 'rank'"):
        read_predictions(path)
    pq.write_table(table.replace_schema_metadata({}), path)
    with pytest.raises(SchemaVersionError):
        read_predictions(path)
