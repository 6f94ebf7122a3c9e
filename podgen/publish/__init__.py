"""The episode's companions: transcripts, chapters, tags."""
