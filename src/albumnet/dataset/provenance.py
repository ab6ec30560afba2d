"""Where the albums of a set came from, under which terms, and how many were left after each step."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from albumnet.dataset.atomic import read_json, write_json
from albumnet.errors import SchemaVersionError

SCHEMA_VERSION = 1
PROVENANCE_FILE = "provenance.json"


@dataclass(frozen=True)
class Terms:
    """What may be done with what one source gave.

    Attributes:
        source: Its name, as in the albums' column `source`.
        licence: Of tags and covers, in a sentence; "not stated" where the source says nothing.
        address: Where it is; empty for a file of the user's own.
    """

    source: str
    licence: str
    address: str = ""


@dataclass(frozen=True)
class Step:
    """One step of the funnel: what the albums that were left have, and how many they were."""

    what: str
    albums: int


@dataclass(frozen=True)
class Provenance:
    """Terms of every source, and the funnel from what was found to what is in the set."""

    terms: tuple[Terms, ...] = ()
    funnel: tuple[Step, ...] = ()


def read_provenance(folder: Path) -> Provenance:
    """A set's provenance; empty for sets that do not say.

    Raises:
        SchemaVersionError: If another version wrote it, or it is broken.
    """
    path = folder / PROVENANCE_FILE
    if not path.is_file():
        return Provenance()
    content = read_json(path, schema_version=SCHEMA_VERSION)
    try:
        return Provenance(
            terms=tuple(Terms(**terms) for terms in content["terms"]),
            funnel=tuple(Step(**step) for step in content["funnel"]),
        )
    except (KeyError, TypeError) as error:
        raise SchemaVersionError(f"{path} is broken ({error}); make it again with the set") from error


def write_provenance(folder: Path, provenance: Provenance) -> None:
    """Replace a set's provenance."""
    write_json(folder / PROVENANCE_FILE, asdict(provenance), schema_version=SCHEMA_VERSION)
