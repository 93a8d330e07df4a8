"""What and where: the shape of every table, the reference data, and the place where it is kept."""
