"""Work on shards among whose covers are some that kill or delay the worker; a module that workers can import."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

from albumnet.scale import FeatureWork, extracting


@dataclass(frozen=True)
class HostileWork(FeatureWork):
    """Feature work in which some covers end the process, always or once, and others take their time."""

    killers: tuple[str, ...] = ()
    slow: tuple[str, ...] = ()
    kill_once: tuple[str, ...] = ()
    marks: str = ""

    def start(self):
        read = extracting.read_cover

        def read_and_suffer(covers_dir, cover):
            if cover in self.killers:
                os._exit(1)
            if cover in self.kill_once and not (mark := Path(self.marks) / f"{cover}.mark").exists():
                mark.touch()
                os._exit(1)
            if cover in self.slow:
                time.sleep(3)
            return read(covers_dir, cover)

        extracting.read_cover = read_and_suffer
        return super().start()
