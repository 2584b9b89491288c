"""Ray's processes from outside: its address, its settings, its output and what it leaves behind."""
