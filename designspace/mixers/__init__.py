"""Mixers and responses, one file per kind. A new file here is found automatically."""

from designspace.layers.discover import import_all

import_all(__name__)
