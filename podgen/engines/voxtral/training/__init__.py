"""Training the codec encoder that the published weights lack."""
