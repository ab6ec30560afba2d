"""Engines: what runs a backbone, decoded covers to features, all behind one protocol and all giving the same.

`choosing` is the door; `base` says what an engine is; each library has a module of its own.
"""
