"""An S3-compatible server on loopback, and what it holds."""

from pathlib import Path

from upath import UPath

from albumnet.dataset.addresses import open_address

BUCKET = "s3://albums"


def upload(folder: Path, name: str) -> Path:
    """Put a folder into the bucket; its address."""
    address = UPath(f"{BUCKET}/{name}")
    address.fs.put(str(folder), address.path, recursive=True)
    return open_address(f"{BUCKET}/{name}")


def download(address: str, folder: Path) -> Path:
    """Fetch what lies below an address."""
    remote = UPath(address, use_listings_cache=False)
    remote.fs.get(remote.path, str(folder), recursive=True)
    return folder
