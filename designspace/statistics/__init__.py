"""Statistics of few trainings: intervals, rank correlations, reliability."""
