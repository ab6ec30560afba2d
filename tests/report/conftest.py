"""Fixtures of the made-up run, in `tests/made_up_report.py`."""

import pytest

import made_up_report


@pytest.fixture
def content():
    return made_up_report.make_content()


@pytest.fixture
def albums():
    return made_up_report.make_albums()


@pytest.fixture
def config(albums):
    return made_up_report.make_config(albums)


@pytest.fixture
def source(content, albums, config):
    return made_up_report.make_source(content=content, albums=albums, config=config)


@pytest.fixture
def render():
    return made_up_report.render


@pytest.fixture
def read_cover():
    return made_up_report.read_cover
