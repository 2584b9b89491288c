"""Stems, blocks, shortcuts, downsamplings and heads, a file each. A new file is found by itself."""

import designspace.mixers  # noqa: F401  (blocks nest mixers, so these must be known first)
from designspace.layers.discover import import_all

import_all(__name__)
