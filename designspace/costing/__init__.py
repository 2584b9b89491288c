"""The cost of a specification, in exact integers and without tensors."""

from designspace.costing.memory import Memory, memory
from designspace.costing.rows import Row
from designspace.costing.table import (
    BY_TORCH,
    DAGGER,
    CostTable,
    StageCost,
    cost,
    lacks_formula,
    plan,
    plan_of,
)

__all__ = [
    "BY_TORCH",
    "DAGGER",
    "CostTable",
    "Memory",
    "Row",
    "StageCost",
    "cost",
    "lacks_formula",
    "memory",
    "plan",
    "plan_of",
]
