"""Scoring by shards where there is nothing to spread."""

import numpy as np

from albumnet.dataset.predictions import read_predictions, write_predictions
from albumnet.scale import RayOptions, ScoreWork, score_on_ray


def test_no_album_at_all_gives_the_empty_file_that_scoring_here_writes(tmp_path):
    made_from = {"albums": "a", "vocabulary": "v"}
    parts = tmp_path / "parts"
    work = ScoreWork(run="", covers="", store="", parts=str(parts), made_from=made_from, model="m")
    parts.mkdir()
    (parts / ".part.1.tmp").touch()
    score_on_ray([], work, out=tmp_path / "there", moods=["Bleak", "Calm"], options=RayOptions())
    nothing = np.empty((0, 2), np.float32)
    write_predictions(
        tmp_path / "here", album_ids=[], moods=["Bleak", "Calm"], probabilities=nothing, made_from=made_from
    )
    assert (tmp_path / "there").read_bytes() == (tmp_path / "here").read_bytes()
    assert read_predictions(tmp_path / "there").album_ids == ()
    assert not parts.exists()
