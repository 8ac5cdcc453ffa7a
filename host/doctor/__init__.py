"""What holds on this machine, and how it is known.

``outside`` looks at a live worker as the kernel shows it; ``machine``, ``packages`` and ``state`` at what is around it;
``examine`` puts them together.
"""
