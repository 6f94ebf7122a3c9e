"""Any engine as a speech server that the usual clients of OpenAI's speech endpoint talk to."""
