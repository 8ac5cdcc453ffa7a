"""The wire between a host and its workers: frames, messages, and the two ends of a channel.

Both sides import this package and nothing of each other. ``PROTOCOL.md`` beside this file
describes the wire in prose; ``messages.py`` is the same as data.
"""
