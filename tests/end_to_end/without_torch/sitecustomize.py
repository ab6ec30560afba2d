"""Makes a Python, and every one that it starts, one in which torch is not installed and only loopback can be reached.

Python imports a module of this name by itself when it starts; the test puts this folder on PYTHONPATH.
"""

import socket
import sys
from importlib.machinery import PathFinder

HIDDEN = {"torch", "torchvision", "timm", "openvino"}


class HidingFinder:
    """Finds what PathFinder finds, and nothing of what is hidden."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        return None if name.partition(".")[0] in HIDDEN else PathFinder.find_spec(name, path, target)

    invalidate_caches = PathFinder.invalidate_caches
    find_distributions = PathFinder.find_distributions


sys.meta_path[:] = [HidingFinder if finder is PathFinder else finder for finder in sys.meta_path]

_connect = socket.socket.connect


def _connect_to_loopback_only(self, address):
    if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):
        raise OSError(f"the test is offline, but something wants to reach {address}")
    return _connect(self, address)


socket.socket.connect = _connect_to_loopback_only
