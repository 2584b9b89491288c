"""Measured latency, throughput and memory of networks, optionally beside timm's."""

from designspace.benchmarking.run import bench
from designspace.benchmarking.settings import Settings
from designspace.records.measured.speed import SpeedRecord, SpeedRow

__all__ = ["Settings", "SpeedRecord", "SpeedRow", "bench"]
