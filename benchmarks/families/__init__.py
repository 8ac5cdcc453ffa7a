"""The rows, one module per family. ``benchmarks/catalogue.py`` puts them in order."""
