"""A fuzzer of everything that the host reads from a worker: ``python -m tests.fuzz --help``.

``steps`` makes what a worker could write and an agent could do meanwhile, ``decoder`` gives bytes to the frame
reader, the decoder and the shape check, ``play`` gives whole conversations to a real host. Both count a frame for
each body that the frame reader cut out, or for the one violation that ended a stream.
"""
