"""What the built-in networks are, apart from any library that runs them: layers, input, and how weights are read."""
