"""Measured speed: latency, throughput and memory of networks, timm's beside ours."""

from designspace.benchmarking.run import bench
from designspace.benchmarking.settings import Settings
from designspace.records.measured.speed import SpeedRecord, SpeedRow

__all__ = ["Settings", "SpeedRecord", "SpeedRow", "bench"]
