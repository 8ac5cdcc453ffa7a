"""Decisions as values: who may do what. Pure; nothing here reads a file, a socket or a clock."""
