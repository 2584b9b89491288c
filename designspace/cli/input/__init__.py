"""Inputs of commands: shared options, names of networks, sizes, devices, plug-ins."""
