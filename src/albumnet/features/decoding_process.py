"""A process that decodes covers into a ring of buffers that it shares with the one that asks."""

from __future__ import annotations

import os
import pickle
import sys

import numpy as np

from albumnet.features.decoders import decode_rows


def main() -> None:
    """Answer requests, pickled on stdin, with pickles on stdout; the ring is the file of the descriptor given."""
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # What anything prints must not come between the answers.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    shape, read_cover, transform = pickle.load(requests)
    with os.fdopen(int(sys.argv[1]), "r+b") as file:
        ring = np.memmap(file, np.uint8, "r+", shape=shape)
    while True:
        try:
            names, n, start = pickle.load(requests)
            rows = np.asarray(ring[n, start : start + len(names)])
            pickle.dump(decode_rows(names, rows, read_cover=read_cover, transform=transform), answers)
            answers.flush()
        except (EOFError, BrokenPipeError, pickle.UnpicklingError):
            os._exit(0)  # who asked has gone, perhaps in the middle of a word


if __name__ == "__main__":
    main()
