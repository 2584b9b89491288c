"""pycls' own sampler for a while, in one process of the environment that has pycls.

Reads `{source, sweep, seed, seconds}` on stdin: the checkout of pycls, a sweep file, and for how
long, in seconds of CPU time. Writes on stdout what it drew and kept; of what it kept, the
parameters and pycls' own costs.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from pathlib import Path
from typing import Any

CHUNK = 200


def main() -> None:
    """Call the sampler of `tools/sweep_setup.py` chunk by chunk, a seed each, as the tool does."""
    request = json.load(sys.stdin)
    source = Path(request["source"])
    sys.path[:0] = [str(source), str(source / "tools")]
    began = time.process_time()
    with contextlib.redirect_stdout(sys.stderr):
        import sweep_setup
        from pycls.sweep import config

        config.load_cfg(request["sweep"])
    config.sweep_cfg.SETUP.CHUNK_SIZE = CHUNK
    setup = time.process_time() - began
    kept: dict[str, Any] = {}
    found = chunks = 0
    began = time.process_time()
    while (elapsed := time.process_time() - began) < request["seconds"]:
        chunk = sweep_setup.sample_cfgs(request["seed"] * 1_000_000 + chunks)
        kept |= chunk
        found += len(chunk)
        chunks += 1
    print(
        json.dumps(
            {
                "seed": request["seed"],
                "setup_s": setup,
                "seconds": elapsed,
                "draws": chunks * CHUNK,
                "feasible": found,
                "distinct": len(kept),
                "networks": [_network(cfg) for cfg in kept.values()],
            }
        )
    )


def _network(cfg: Any) -> dict[str, Any]:
    """Stages and costs of what was kept, as pycls has them."""
    from pycls.core import builders, net
    from pycls.core.config import cfg as current
    from pycls.core.config import reset_cfg

    reset_cfg()
    current.merge_from_other_cfg(cfg)
    costs = net.complexity(builders.get_model())
    stages = {key.lower(): current.ANYNET[key] for key in ("DEPTHS", "WIDTHS", "GROUP_WS")}
    return stages | {key: int(costs[key]) for key in ("flops", "params", "acts")}


if __name__ == "__main__":
    main()
