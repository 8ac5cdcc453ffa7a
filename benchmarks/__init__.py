"""The suite: our rows, the pipe floor and what a user would pick instead, measured in one run.

``python -m benchmarks`` measures, ``python -m benchmarks.compare A.json B.json`` judges two runs,
``README.md`` beside this file says what every row means.
"""
