"""What the model asks of a text: how long it takes, and where it may be cut."""
