"""Stems, blocks, shortcuts, downsamplings and heads, one file per kind, found automatically."""

from designspace.layers.discover import import_all

import_all("designspace.mixers")  # blocks nest mixers, so mixers must register first
import_all(__name__)
