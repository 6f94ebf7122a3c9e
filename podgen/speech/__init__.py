"""One text without a script, on any engine: what `speak` and `serve` share."""
