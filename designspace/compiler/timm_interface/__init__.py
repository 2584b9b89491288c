"""Networks with the methods that timm's scripts, wrappers and users call.

`network` has the methods, `head` the poolings, `levels` the feature levels that timm counts, `taps`
the run that keeps their maps, `features` the `features_only` wrapper, `dilation` the output strides
and `sizes` the image sizes.
"""

from designspace.compiler.timm_interface.features import StageMaps
from designspace.compiler.timm_interface.levels import level_count
from designspace.compiler.timm_interface.network import TimmNetwork
from designspace.compiler.timm_interface.sizes import fit_tables

__all__ = ["StageMaps", "TimmNetwork", "fit_tables", "level_count"]
