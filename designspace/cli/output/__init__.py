"""Output of commands: tables, JSON, progress and live views."""
