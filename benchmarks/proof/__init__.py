"""Faults planted in real takes, and how many the ear finds: `python -m benchmarks.proof`."""
