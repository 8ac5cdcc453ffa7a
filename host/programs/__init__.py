"""Programs that run for plugins: found, given an environment, supervised, and ended with all they started."""
