"""From what a user names to a plugin that may run: fetch, look, ask, keep, switch."""
