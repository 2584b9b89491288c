"""Small statistics of few trainings: intervals, rank correlations, reliability."""
