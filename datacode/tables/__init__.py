"""Operations on tables, and the formats CSV and XLSX. No Twisted; no input or output but bytes.

- ``column_types``: what type a column has, as a label
- ``show``: the frame of ``show_table``, ``table_info``, and data for clients
- ``select``, ``sort``: choosing columns and rows, and their order
- ``like``, ``filters``: which rows match a test of one column
- ``vectorized``, ``conditions``: which rows match an expression, as a text
- ``join_match``, ``join``, ``asof``: which rows of two tables belong together
- ``group``: grouping and pivoting
- ``grid_view``: the rows that somebody who looks at a table wants to see
- ``foreign_keys``: the keys and relations that are recorded for the export
- ``csv``, ``xlsx``: reading and writing files
"""
