"""Make the packaged slices of word vectors from a full GloVe text file.

    python scripts/make_word_slice.py glove.6B.100d.txt.gz moods.txt

The first slice is what moods are placed by: every word of the mood names in the second file (one name per line) and the
commonest words, as they are. The second is what people ask with: the words that follow in frequency, their numbers
rounded. Both keep the order of the source, which lists words from the commonest on.
"""

from __future__ import annotations

import gzip
import re
import sys
from pathlib import Path

DATA = Path(__file__).parent.parent / "src/albumnet/moodspace/data"
OUT, OUT_WORDS = DATA / "glove.6B.100d.moods.txt.gz", DATA / "glove.6B.100d.words.txt.gz"
N_COMMONEST, N_WORDS = 4000, 23_500
# Rarer words that people ask for moods with.
RARER = frozenset(Path(__file__).with_name("rarer_words.txt").read_text("utf-8").split())
# Rounded to tenths and halves of tenths the file is a third; every vector keeps a cosine of at least 0.998 with the one
# it came from.
STEPS_PER_ONE = 20


def main(source: Path, moods: Path) -> None:
    """Write both slices."""
    names = moods.read_text("utf-8").casefold().split("\n")
    wanted = {part for name in names for word in re.split(r"[\s/_,&]+", name) for part in (word, *word.split("-"))}
    kept, further = [], []
    with gzip.open(source, "rt", encoding="utf-8") as lines:
        for rank, line in enumerate(lines):
            word, *values = line.split(" ")
            if rank < N_COMMONEST or word in wanted:
                kept.append(line)
            elif rank < N_WORDS or word in RARER:
                further.append(f"{word} {' '.join(_rounded(value) for value in values)}\n")
    write(OUT, kept)
    write(OUT_WORDS, further)


def write(path: Path, lines: list[str]) -> None:
    """Write a slice; the same input gives the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # mtime 0 and no file name, so that they hold no date and no place.
    with path.open("wb") as raw, gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=9, mtime=0) as out:
        out.write("".join(lines).encode())
    print(f"{path}: {len(lines):,} words, {path.stat().st_size / 2**20:.2f} MiB")


def _rounded(value: str) -> str:
    text = f"{round(float(value) * STEPS_PER_ONE) / STEPS_PER_ONE + 0.0:g}"  # adding 0 makes -0.0 a plain 0
    return re.sub(r"^(-?)0\.", r"\1.", text)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
