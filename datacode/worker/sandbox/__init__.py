"""The walls around a worker process: rlimits, namespaces, Landlock, seccomp."""
