"""No room takes the name of a public function: importing a submodule would replace the function."""

import subprocess
import sys
from pathlib import Path

import pytest

import designspace

FUNCTIONS = sorted(set(designspace.__all__) - {"Network"})
PROGRAM = """
import importlib, pkgutil, sys, types, warnings
warnings.simplefilter("ignore")
import designspace
for module in pkgutil.walk_packages(designspace.__path__, "designspace."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
import inspect
for name in FUNCTIONS:
    function = getattr(designspace, name)
    assert callable(function) and not isinstance(function, types.ModuleType), name
network = designspace.load("convnext_proxy", {"depths": [1, 1], "widths": [8, 16]})
designspace.cost(network)
model = designspace.build(network, num_classes=2, in_channels=1, input_size=16).eval()
designspace.torchvision_backbone(designspace.build(network, features_only=True))
assert not designspace.diff(network, network)
assert len(designspace.ladder("resnet50_to_convnext_t")) > 5
assert designspace.space("kernel").size
designspace.save_weights(model, network, "w.safetensors", num_classes=2, in_channels=1)
designspace.load_weights(model, "w.safetensors")
designspace.export(model, (1, 16, 16), "m.pt2")
designspace.bench(network, batch_size=1, rounds=1, seconds=0.1, device="cpu", num_classes=2)
assert designspace.verify(["resnet50"]).ok
open("p.py", "w").write("x = 1")
designspace.use_plugin("p.py")
from designspace.errors import InputError
for name, words in {
    "compare": ("nothing",), "report": ("nothing",), "study": ("nothing",), "train": ("nothing",),
    "search": ("nothing",),
}.items():
    try:
        getattr(designspace, name)(*words)
    except InputError:
        continue
    raise AssertionError(name)
print("all called")
"""


def test_no_room_is_called_like_a_function() -> None:
    root = Path(designspace.__file__).parent
    rooms = {path.stem for path in root.iterdir() if path.suffix in ("", ".py")}
    assert not rooms & set(FUNCTIONS)


@pytest.mark.slow
def test_every_function_works_after_every_submodule_is_imported(tmp_path: Path) -> None:
    program = f"FUNCTIONS = {FUNCTIONS}\n{PROGRAM}"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout.endswith("all called\n"), done.stderr[-2000:]
