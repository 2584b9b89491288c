"""Settings for all tests."""

import os
import signal
import sys

# A shell ignores Ctrl-C for what it starts in the background, and children inherit that: the tests
# that interrupt a command want it heard.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# Likewise for a closed terminal: `nohup` ignores SIGHUP.
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

os.environ.setdefault("OMP_NUM_THREADS", "1")

# A test that starts a process would compile torch's and timm's sources anew each time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# What tests ask of spaces is computed anew, and leaves nothing in the user's cache.
os.environ.setdefault("DESIGNSPACE_CACHE", "off")

# xdist tells its workers the width of the terminal; commands in the test process print to a pipe.
os.environ.pop("COLUMNS", None)

from hypothesis import HealthCheck, settings

sys.dont_write_bytecode = False

settings.register_profile(
    "default",
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
settings.load_profile("default")
