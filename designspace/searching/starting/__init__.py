"""What makes the first epoch of a search under Ray come sooner."""
