"""The script: YAML in, frozen values with their places out."""
