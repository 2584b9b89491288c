"""From a specification to its cost, in exact integers and without a tensor."""

from designspace.costing.memory import Memory, memory
from designspace.costing.rows import Row
from designspace.costing.table import CostTable, StageCost, cost, plan, plan_of

__all__ = ["CostTable", "Memory", "Row", "StageCost", "cost", "memory", "plan", "plan_of"]
