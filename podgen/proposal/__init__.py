"""From a source of another form to a script that passes check, with a first cast."""
