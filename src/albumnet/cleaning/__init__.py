"""Cleaning a set: rules that flag albums and say why, covers that show one picture, and a cut of the rare moods."""

from albumnet.cleaning.clean import Cleaned, clean_set
from albumnet.cleaning.flags import Flag, explain_album, read_flags
from albumnet.cleaning.options import CleaningOptions
from albumnet.cleaning.rules import RULES, list_rules

__all__ = ["RULES", "Cleaned", "CleaningOptions", "Flag", "clean_set", "explain_album", "list_rules", "read_flags"]
