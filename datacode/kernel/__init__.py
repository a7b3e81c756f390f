"""DataCode in Jupyter (extra ``jupyter``): ``datacode-kernel install`` makes it known.

A notebook is one session on an interpreter in the kernel's own process, with the rights of the
notebook's user.
"""
