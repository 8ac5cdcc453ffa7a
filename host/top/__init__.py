"""The workers that live on this machine, seen from outside, and what their hosts say of them."""
