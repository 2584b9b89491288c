"""Export of networks for other runtimes: ONNX, and torch's exported programs."""

from designspace.exporting.formats import FORMATS
from designspace.exporting.write import Exported, export

__all__ = ["FORMATS", "Exported", "export"]
