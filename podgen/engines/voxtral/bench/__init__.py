"""Measuring the engine, with weights of true shapes and no files."""
