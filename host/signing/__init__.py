"""Signatures of plugins: made, checked, and insisted on where the operator says so.

``contents`` is what is signed: the name, the version and the hash of every file. ``detached`` is the signature of it, in
minisign's format. ``examine`` looks at both beside a plugin; ``loading`` is what a load asks of them.
"""
