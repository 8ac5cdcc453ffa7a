"""The command line ``jcode-plugin``: arguments to calls of the host, outcomes to text and exit codes."""
