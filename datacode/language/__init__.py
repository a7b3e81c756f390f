"""Text in, code object out. No input or output, no Twisted.

- ``syntax``: characters to tokens to a tree, or one error
- ``analysis``: what is known of a tree before it runs
- ``codegen``: a tree to Python's ``ast``
- ``python_names``: the names of programs in generated Python
- ``compiler``: the three together, to code objects; ``program_cache``: those of the latest texts
- ``tools``: lint, format, symbols and blocks, for people who write programs
"""
