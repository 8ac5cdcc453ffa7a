"""The operator's panes, a module each. What they show comes from the daemon by ``link``, never from a plugin's drawing."""
