"""The proof of cloning without the published weights: a codec whose encoder is known."""
