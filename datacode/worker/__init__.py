"""One interpreter in a process of its own: the frames, the child, the parent."""
