"""Measured speed: latency, throughput and memory of networks, timm's beside ours."""

from designspace.bench.run import bench
from designspace.bench.settings import Settings
from designspace.records.speed import SpeedRecord, SpeedRow

__all__ = ["Settings", "SpeedRecord", "SpeedRow", "bench"]
