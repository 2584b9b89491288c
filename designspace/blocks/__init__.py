"""Stems, blocks, shortcuts, downsamplings and heads, a file each. A new file is found by itself."""

from designspace.layers.discover import import_all

import_all("designspace.mixers")  # blocks nest mixers, so these must be known first
import_all(__name__)
