"""What a plugin may ask of its host: one table of rows, one module of handlers for each family."""
