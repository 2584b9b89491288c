"""Sphinx settings. `make docs` builds the site without any request to another host."""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from designspace import __version__  # noqa: E402
from generate import write_all  # noqa: E402

write_all(HERE / "generated")

project = "designspace"
author = "The designspace authors"
release = __version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build", "README.md"]
source_suffix = {".md": "myst-nb"}
nitpicky = True
default_role = "code"
smartquotes = False  # `--out` stays as it is
# Types of torch, pydantic and the standard library have no pages here.
nitpick_ignore_regex = [("py:.*", ".*")]
suppress_warnings = ["myst.header"]  # fragments start below the first level

myst_enable_extensions = ["colon_fence", "deflist", "attrs_block"]
myst_heading_anchors = 3

# The notebook is run by `make docs` and by the slow suite; `make check` shows its code alone.
nb_execution_mode = os.environ.get("DOCS_NOTEBOOK", "off")
nb_execution_timeout = 600
nb_execution_raise_on_error = True
nb_ipywidgets_js: dict[str, dict[str, str]] = {}  # no scripts from other hosts

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_inherit_docstrings = False
napoleon_use_ivar = True
napoleon_numpy_docstring = False
python_use_unqualified_type_names = True
python_display_short_literal_types = True

html_theme = "furo"
html_title = "designspace"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
