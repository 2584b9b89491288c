"""From a specification to its cost, in exact integers and without a tensor."""

from designspace.costing.table import CostTable, StageCost, cost, plan

__all__ = ["CostTable", "StageCost", "cost", "plan"]
