"""How the documentation is built: `sphinx-build -W docs build/docs`."""

from importlib.metadata import version as installed_version

project = "AlbumNet"
author = "The AlbumNet authors"
release = installed_version("albumnet")
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["colon_fence"]
# Headings are linked to as GitHub names them, so that a link works there and on the built site.
myst_heading_anchors = 3
# Docstrings mark code with single backquotes.
default_role = "code"
html_theme = "furo"
html_title = "AlbumNet"
html_show_sourcelink = False
html_copy_source = False
autodoc_typehints = "description"
autodoc_member_order = "bysource"
