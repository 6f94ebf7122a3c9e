"""Scripts from elsewhere as scripts of ours: read into a draft, written as YAML, merged again."""
