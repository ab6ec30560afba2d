"""What lies in a folder, to compare two of them byte by byte."""

from pathlib import Path


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, and what it holds."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
