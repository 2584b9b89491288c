"""What commands take: shared options, names of networks, sizes, devices, directories."""
