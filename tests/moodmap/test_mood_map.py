"""The map's folder: whole or no map, its files of one map, and the same after reading."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

from albumnet.errors import MapError, SchemaVersionError
from albumnet.moodmap import MapConfig, MoodMap, MoodPlace, lay_out, read_map, write_map
from albumnet.moodmap.basis import fit_basis


def make_config(layout, vectors, **changes) -> MapConfig:
    config = MapConfig(
        albums="a" * 16,
        run="r" * 16,
        of="moods",
        seed=0,
        perplexity=30.0,
        used_perplexity=layout.perplexity,
        unit=layout.unit,
        n_albums=len(vectors),
        embedding_size=vectors.shape[1],
        left_out=0,
        trustworthiness=0.9,
        neighbour_preservation=0.5,
        n_neighbours=10,
        n_sampled=len(vectors),
    )
    return dataclasses.replace(config, **changes)


def make_map(vectors, **changes) -> MoodMap:
    layout = lay_out(vectors, rng=np.random.default_rng(0))
    moods = (MoodPlace("Warm", 0.25, 0.75, 9, 12.5),)
    return MoodMap(
        tuple(f"a{n}" for n in range(len(vectors))), layout.xy, vectors, moods, make_config(layout, vectors, **changes)
    )


@pytest.fixture(scope="module")
def written(grouped, tmp_path_factory):
    path = tmp_path_factory.mktemp("maps") / "map"
    return path, write_map(path, make_map(grouped[0]))


def test_a_map_is_the_same_after_reading(written):
    path, made = written
    found = read_map(path)
    assert found.album_ids == made.album_ids
    assert found.moods == made.moods
    assert found.config == made.config
    np.testing.assert_array_equal(found.xy, made.xy)
    np.testing.assert_array_equal(found.vectors, made.vectors)
    np.testing.assert_array_equal(found.place_new(made.vectors[:7]), made.place_new(made.vectors[:7]))


def test_the_same_map_is_written_bit_for_bit(written, grouped, tmp_path):
    path, _ = written
    write_map(tmp_path / "again", make_map(grouped[0]))
    for file in path.iterdir():
        assert file.read_bytes() == (tmp_path / "again" / file.name).read_bytes(), file.name


def test_the_nearest_album_of_a_vector_is_its_own(written):
    _, made = written
    rows, cosines = made.nearest(made.vectors[5:7] * 3, 4)
    assert rows[:, 0].tolist() == [5, 6]
    np.testing.assert_allclose(cosines[:, 0], 1, atol=1e-5)
    assert (np.diff(cosines, axis=1) <= 0).all()


def test_a_basis_is_kept(grouped, tmp_path):
    features = np.abs(np.random.default_rng(0).normal(size=(30, 5)))
    basis = fit_basis(lambda: [features], n_albums=30)
    made = dataclasses.replace(make_map(basis.project(features), of="features"), basis=basis)
    write_map(tmp_path / "map", made)
    found = read_map(tmp_path / "map")
    assert found.basis is not None
    np.testing.assert_array_equal(found.basis.project(features), made.vectors)
    places = found.place_new(found.basis.project(features))
    assert np.median(np.linalg.norm(places - found.xy, axis=1)) < 0.1


def test_vectors_that_do_not_fit_are_refused(written):
    _, made = written
    with pytest.raises(MapError, match=r"shape \(2, 3\) do not fit a map of moods with 12"):
        made.place_new(np.zeros((2, 3), np.float32))
    with pytest.raises(MapError, match="nan"):
        made.nearest(np.full((1, 12), np.nan, np.float32), 3)


def test_a_map_of_other_albums_says_both(written):
    _, made = written
    made.check_albums("a" * 16)
    with pytest.raises(MapError, match=f"made of albums {'a' * 16}, the set holds albums {'b' * 16}"):
        made.check_albums("b" * 16)


@pytest.mark.parametrize("missing", ["layout.parquet", "moods.parquet", "vectors.safetensors"])
def test_a_map_that_lost_a_file_is_refused(written, tmp_path, missing):
    shutil.copytree(written[0], tmp_path / "map")
    (tmp_path / "map" / missing).unlink()
    with pytest.raises(MapError, match=missing):
        read_map(tmp_path / "map")


@pytest.mark.parametrize("mixed", ["layout.parquet", "moods.parquet", "vectors.safetensors"])
def test_files_of_two_maps_are_no_map(written, grouped, tmp_path, mixed):
    write_map(tmp_path / "map", make_map(grouped[0][:50]))
    shutil.copy(written[0] / mixed, tmp_path / "map" / mixed)
    with pytest.raises(MapError, match=r"config\.json beside it of map"):
        read_map(tmp_path / "map")


def test_what_is_no_map_says_how_to_make_one(tmp_path):
    with pytest.raises(MapError, match=r"is no map.*albumnet map SET"):
        read_map(tmp_path)


def test_a_map_cut_off_is_no_map(written, grouped, tmp_path, full_disk):
    shutil.copytree(written[0], tmp_path / "map")
    with full_disk(), pytest.raises(OSError, match="No space left"):
        write_map(tmp_path / "map", make_map(grouped[0][:50]))
    with pytest.raises(MapError, match="cut off"):
        read_map(tmp_path / "map")


def test_another_version_and_a_config_changed_by_hand_are_refused(written, tmp_path):
    shutil.copytree(written[0], tmp_path / "map")
    file = tmp_path / "map" / "config.json"
    content = json.loads(file.read_text("utf-8"))
    file.write_text(json.dumps({**content, "schema_version": 99}), "utf-8")
    with pytest.raises(SchemaVersionError, match="99"):
        read_map(tmp_path / "map")
    file.write_text(json.dumps({key: value for key, value in content.items() if key != "unit"}), "utf-8")
    with pytest.raises(MapError, match="unit"):
        read_map(tmp_path / "map")
