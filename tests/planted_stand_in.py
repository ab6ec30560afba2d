"""The planted site on loopback as tests need it: with faults by path, and crawls that do not wait long."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from albumnet.planted import draw_world
from albumnet.sources.allmusic import crawl_allmusic, plan_crawl
from planted_site import Answer, PlantedSite, Served, serving

# Faults are waited for in milliseconds.
QUICK = {"backoff_s": 0.01, "max_tries": 3, "timeout_s": 5.0}


class StandInSite:
    """A planted site, what it was asked for, and answers of its own for some paths."""

    def __init__(self, planted: PlantedSite) -> None:
        self.planted = planted
        self.faults: dict[str, Callable[[], Answer]] = {}
        self.served: Served

    @property
    def address(self) -> str:
        return self.served.address

    @property
    def asked(self) -> dict[str, int]:
        """Path -> how often, without robots.txt, which every run asks for."""
        return {path: n for path, n in self.served.asked.items() if path != "/robots.txt"}

    def answer(self, path: str) -> Answer:
        return self.faults[path]() if path in self.faults else self.planted.answer(path)

    def page(self, n: int) -> str:
        return self.planted.album_path(n)


@contextmanager
def stand_in_site(*, n_albums: int = 12, port: int = 0) -> Iterator[StandInSite]:
    world = draw_world(n_albums=n_albums, rng=np.random.default_rng(3), cover_size=64)
    site = StandInSite(PlantedSite(world))
    with serving(site.answer, port=port) as served:
        site.served = served
        served.keeps_headers = True
        site.planted.address = served.address
        yield site


def crawl(site, out, *, start="/sitemap.xml", delay_s=0.0, cover_sites=(), seed=0, force=False, note=print, **options):
    """Crawl the stand-in; `start` is a path or several."""
    starts = [start] if isinstance(start, str) else start
    addresses, plan = plan_crawl(
        tuple(s if "://" in s else site.address + s for s in starts), out=out, delay_s=delay_s, cover_sites=cover_sites
    )
    plan = dataclasses.replace(plan, **{**QUICK, **options})
    return crawl_allmusic(addresses, plan, seed=seed, force=force, note=note)
