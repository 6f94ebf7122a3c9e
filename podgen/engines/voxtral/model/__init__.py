"""The model: its configuration, weights, layers and three parts, and the whole."""
