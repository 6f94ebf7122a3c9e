"""A person's voice as rows of the prompt: recordings made ready, encoded, and kept in files."""
