"""The audit on disk: sealed lines that only grow, and what is needed to notice when they did not.

seal.py     lines, their chain, the head; pure          key.py      the key, made once
head.py     what the last writer left, signed           place.py    which files belong to a log
store.py    the lock, appending, catching up            segments.py rotation and removal
writer.py   the thread between the ring and the disk    verify.py   what is wrong with a log
reading.py  entries of a log, newest, and as they come  opening.py  a log for one host
"""
