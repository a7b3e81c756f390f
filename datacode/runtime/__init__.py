"""What compiled code can touch. No Twisted.

- ``interpreter``: programs in, output and errors out; ``namespace``: its variables and functions
- ``checkpoint``: its state as bytes, and back
- ``specializer``: when a function of the program is compiled, and when again
- ``compiled_builtins``: the ``__builtins__`` of compiled code, made of
  ``operators``, ``indexing``, ``iteration``, ``element_assignment``
- ``builtins``: the library; ``host``: what a builtin may ask of its surroundings
- ``files``, ``local_files``, ``patterns``: the files of a program
- ``call_depth``, ``interrupts``, ``tracebacks``: limits, and the place of an error
"""
