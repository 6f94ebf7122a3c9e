"""What is said: a script in YAML read as frozen values with their places in the file."""

from podgen.show.read import Reading, load_show, read_show

__all__ = ["Reading", "load_show", "read_show"]
