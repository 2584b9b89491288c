"""Ray from outside: its address, its settings, its output and the processes it leaves behind."""
