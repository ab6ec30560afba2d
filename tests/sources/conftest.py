"""Tables and covers as files."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image


@pytest.fixture
def csv_table(tmp_path):
    """Writes a CSV table of these lines."""

    def write(*lines, encoding="utf-8", name="albums.csv"):
        (tmp_path / name).write_bytes(("\n".join(lines) + "\n").encode(encoding))
        return tmp_path / name

    return write


@pytest.fixture
def jsonl_table(tmp_path):
    def write(*rows):
        path = tmp_path / "albums.jsonl"
        path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n", "utf-8")
        return path

    return write


@pytest.fixture
def parquet_table(tmp_path):
    def write(**columns):
        pq.write_table(pa.table(columns), tmp_path / "albums.parquet")
        return tmp_path / "albums.parquet"

    return write


@pytest.fixture
def covers(tmp_path):
    """A folder with a.png, b.png and c.png, of one colour each."""
    folder = tmp_path / "covers"
    folder.mkdir()
    for name, colour in (("a", "red"), ("b", "green"), ("c", "blue")):
        Image.new("RGB", (32, 32), colour).save(folder / f"{name}.png")
    return folder
