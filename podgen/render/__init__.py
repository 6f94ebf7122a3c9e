"""The job: plan, store, pipeline, takes, report."""
