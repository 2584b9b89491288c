"""Small statistics of a few repeated trainings; standard library only."""
