"""Small studies of planted covers, and how tests speak to the rating app."""

import json
import uuid
from dataclasses import dataclass
from pathlib import Path

from albumnet.dataset import AlbumSet
from albumnet.study import StudyOptions, create_study
from web.serving import Answer, Client

EVIL_NAME = "<img src=x onerror=document.title='evil'>"


@dataclass(frozen=True)
class Sitting:
    """A study, and the token of each rater."""

    path: Path
    tokens: dict[str, str]


def make_study(album_set: AlbumSet, out: Path, *, raters=("anna", "ben"), **options) -> Sitting:
    chosen = StudyOptions(**{"raters": tuple(raters), "n_covers": 6, "n_repeats": 1, "side": "train", **options})
    created = create_study(album_set, out, chosen)
    return Sitting(out, created.tokens)


def send(client: Client, token: str, **changes) -> Answer:
    given = {
        "submission": str(uuid.uuid4()), "position": 0, "revision": 1, "moods": [], "cannot_tell": True, "seconds": 2.5,
    } | changes  # fmt: skip
    return client.post(f"/api/r/{token}/answers", json.dumps(given).encode(), Content_Type="application/json")
