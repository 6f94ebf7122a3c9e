"""Many turns at once: slots, steps as graphs, and the jobs that fill them."""
