"""`albumnet` and `python -m albumnet`."""

from albumnet.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
