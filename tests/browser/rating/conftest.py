"""A study of planted covers that waits for its raters."""

from collections.abc import Iterator

import pytest

from albumnet.web.rating.app import create_rating_app
from web.rating.studies import EVIL_NAME, make_study
from web.serving import serving


class Served:
    """A study that is served."""

    def __init__(self, sitting, port: int) -> None:
        self.sitting, self.address = sitting, f"http://127.0.0.1:{port}"

    def link(self, rater: str) -> str:
        return f"{self.address}/r/{self.sitting.tokens[rater]}"


@pytest.fixture
def served(planted_set, tmp_path) -> Iterator[Served]:
    sitting = make_study(planted_set, tmp_path / "study", raters=("anna", EVIL_NAME))
    with serving(create_rating_app(sitting.path)) as client:
        yield Served(sitting, client.port)
