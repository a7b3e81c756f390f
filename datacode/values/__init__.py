"""The values of the language, which everything else stands on. Pure: no input or output.

- ``types``: which Python classes they are; ``table``: tables, columns and indexers
- ``column_storage``: the cells of one column, typed or mixed; ``lazy_polars``: Polars, when needed
- ``text``, ``equality``: how values are printed; their type, their truth, ``==``
- ``hashing``, ``ordering``, ``comparable``: keys to group, sort and join by
- ``heap_encoding``, ``column_encoding``: values and columns as bytes, for checkpoints
- ``parse_text``: numbers, dates and amounts in texts; ``paths``: paths as texts
"""
