"""A stand-in site, and a proxy that would hear any request for another machine."""

import pytest

from planted_site import Answer, serving
from planted_stand_in import stand_in_site


@pytest.fixture
def elsewhere(monkeypatch):
    """What left for other hosts than 127.0.0.1: a proxy hears it. Every test that uses it must find it empty."""
    with serving(lambda path: Answer(502, b"no way out")) as proxy:
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, proxy.address)
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.setenv(name, "127.0.0.1")
        yield proxy.asked


@pytest.fixture
def site(elsewhere):
    with stand_in_site() as site:
        yield site
        assert not elsewhere
