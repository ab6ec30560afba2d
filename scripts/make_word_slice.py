"""Make the packaged slice of word vectors from a full GloVe text file.

    python scripts/make_word_slice.py glove.6B.100d.txt.gz moods.txt

The slice holds every word of the mood names in the second file (one name per line) and the commonest words, in the
order of the source, which lists words from the commonest on.
"""

from __future__ import annotations

import gzip
import re
import sys
from pathlib import Path

OUT = Path(__file__).parent.parent / "src/albumnet/moodspace/data/glove.6B.100d.moods.txt.gz"
N_COMMONEST = 4000


def main(source: Path, moods: Path) -> None:
    """Write the slice."""
    names = moods.read_text("utf-8").casefold().split("\n")
    wanted = {part for name in names for word in re.split(r"[\s/_,&]+", name) for part in (word, *word.split("-"))}
    with gzip.open(source, "rt", encoding="utf-8") as lines:
        kept = [line for rank, line in enumerate(lines) if rank < N_COMMONEST or line.split(" ", 1)[0] in wanted]
    OUT.parent.mkdir(parents=True, exist_ok=True)
    # mtime 0 and no file name, so that the same input gives the same bytes.
    with OUT.open("wb") as raw, gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=9, mtime=0) as out:
        out.write("".join(kept).encode())
    print(f"{OUT}: {len(kept):,} words, {OUT.stat().st_size / 2**20:.2f} MiB")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
