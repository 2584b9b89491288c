"""The lowerings, from formulas to modules; a new file in this folder is imported automatically."""

from designspace.layers.discover import import_all

import_all(__name__)
