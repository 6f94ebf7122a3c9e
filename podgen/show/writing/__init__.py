"""A script's YAML changed in place: what is not touched stays as its writer wrote it."""
