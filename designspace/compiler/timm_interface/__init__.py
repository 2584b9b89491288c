"""Networks with the methods that timm's scripts, wrappers and users call.

`network` has the methods, `head` the poolings, `levels` the maps that timm counts, `taps` how they
are taken, `features` the `features_only` wrapper and `dilation` output strides.
"""

from designspace.compiler.timm_interface.features import StageMaps
from designspace.compiler.timm_interface.levels import level_count
from designspace.compiler.timm_interface.network import TimmNetwork
from designspace.compiler.timm_interface.sizes import fit_tables

__all__ = ["StageMaps", "TimmNetwork", "fit_tables", "level_count"]
