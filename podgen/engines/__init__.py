"""The voices: engines that turn utterances into speech."""
