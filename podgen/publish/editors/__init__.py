"""An episode for editors and for plain ffmpeg: clips on tracks, with their gains and movements."""
