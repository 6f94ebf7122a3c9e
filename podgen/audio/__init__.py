"""The sound: clips, levels, timeline, mix, master, encoding, measuring."""
