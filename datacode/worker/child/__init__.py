"""What runs in the worker process itself: no Twisted, no files, no network."""
