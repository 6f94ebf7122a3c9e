"""podgen renders a YAML script of character turns into a mastered podcast episode."""

__version__ = "0.1.0"
