import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from albumnet.explain.looking import faces
from albumnet.explain.looking.lettering import lettering_mask
from albumnet.explain.looking.regions import REGIONS, Look, compare_with_areas, find_regions, shares_of_regions

pytest.importorskip("cv2")


def lettered(text="MIDNIGHT TRAIN"):
    picture = Image.new("RGB", (224, 224), (180, 190, 200))
    ImageDraw.Draw(picture).text((20, 90), text, fill=(20, 20, 30), font=ImageFont.load_default(size=24))
    return np.asarray(picture)


def test_lettering_is_found_where_it_stands():
    mask = lettering_mask(lettered())
    assert mask.any()
    rows, columns = np.nonzero(mask)
    assert rows.min() >= 80
    assert rows.max() <= 125
    assert columns.max() - columns.min() > 60


def test_there_is_no_lettering_where_there_is_none():
    assert not lettering_mask(lettered(text="")).any()


def test_no_face_is_seen_on_an_empty_cover():
    assert faces.find_faces(np.full((224, 224, 3), 128, dtype=np.uint8)).shape == (0, 4)


def test_the_best_of_overlapping_boxes_is_kept():
    boxes = np.array([[0, 0, 10, 10, 0.7], [1, 1, 11, 11, 0.9], [30, 30, 40, 40, 0.5]])
    assert faces._best_of_overlapping(boxes, limit=0.5) == [1, 2]


def test_a_box_is_squared_about_its_middle():
    np.testing.assert_array_equal(faces._squared(np.array([[10.0, 0.0, 20.0, 40.0]])), [[-5.0, 0.0, 35.0, 40.0]])


def test_a_map_that_looks_nowhere_in_particular_has_the_regions_areas():
    regions = find_regions(lettered())
    shares = shares_of_regions(np.ones((224, 224)), regions)
    assert regions["centre"].mean() == pytest.approx(0.25)
    for name in ("lettering", "centre", "edges"):
        assert shares[name] == pytest.approx(regions[name].mean())
    assert np.isnan(shares["faces"])


def test_shares_are_of_what_is_positive_and_undefined_where_nothing_is():
    regions = {"centre": np.eye(4, dtype=bool)}
    values = np.where(np.eye(4, dtype=bool), 1.0, -5.0)
    assert shares_of_regions(values, regions)["centre"] == 1.0
    assert np.isnan(shares_of_regions(-np.ones((4, 4)), regions)["centre"])


def looks(ratio):
    rng = np.random.default_rng(0)
    for n in range(120):
        area = {region: 0.2 + 0.1 * rng.random() for region in REGIONS}
        share = {region: ratio * value * rng.uniform(0.8, 1.2) for region, value in area.items()}
        if n % 3:
            share["faces"] = area["faces"] = float("nan")
        yield Look(f"artist {n % 40}", ("Calm", "Wild")[n % 2], share, area)


def test_ratios_to_areas_have_intervals_and_count_covers_that_have_the_region():
    found = compare_with_areas(list(looks(1.5)), min_maps=10, n_resamples=300, rng=np.random.default_rng(0))
    of_all = {one.region: one for one in found if one.mood == ""}
    assert of_all["faces"].n_maps == 40
    assert of_all["centre"].n_maps == 120
    assert of_all["centre"].ratio == pytest.approx(1.5, rel=0.05)
    assert 1 < of_all["centre"].low < of_all["centre"].ratio < of_all["centre"].high
    assert {one.mood for one in found} == {"", "Calm", "Wild"}


def test_moods_with_few_maps_are_passed_over():
    found = compare_with_areas(list(looks(1.0)), min_maps=100, n_resamples=50, rng=np.random.default_rng(0))
    assert {(one.mood, one.region) for one in found} == {("", r) for r in REGIONS if r != "faces"}
