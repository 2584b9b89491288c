"""Networks for a sweep: pycls' own tool on its own RegNet sweep, and this package beside it.

    python -m benchmarks.regnet --pycls CHECKOUT --python PYTHON

CHECKOUT is a clone of github.com/facebookresearch/pycls, PYTHON that of an environment for it:

    python -m venv pycls
    pycls/bin/pip install torch torchvision numpy opencv-python-headless simplejson yacs \\
        matplotlib pyyaml iopath submitit yattag setuptools

Measured are pycls' `tools/sweep_setup.py` on `configs/sweeps/cifar/cifar_regnet.yaml` (32 networks,
all cores) from start to end, its sampler alone in one process, and `designspace sample` on
`cifar.yaml` beside this file from start to end: 32 networks too, in one process, as YAML too. CPU
time is what is compared: the cores may be shared.

Both without squeeze-excitation, which this package has not. pycls steps through its ranges more
finely than our grid, and refuses two stages of which the second skips a width; the window is the
same, and so is the cost of every network that pycls kept, which the run checks: but for the
classifier's bias, whose additions pycls counts.
"""
