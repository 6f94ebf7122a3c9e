"""What commands print: a table for people, JSON lines on request; a file for each group."""
