"""What commands print: tables, JSON, progress and live views."""
