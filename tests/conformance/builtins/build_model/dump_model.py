"""Write the contents of a --build_model database in the fixed form the .dump files use.

    python3 dump_model.py FILE.db

Order of lines: data tables by name (columns as name:TYPE, then one line per row
in stored order, as JSON), indexes by name, relations in stored order, variables
by name. Time stamps are left out. Names are shown as SQLite stores them, so it
does not matter how the CREATE statements were quoted.
"""

import json
import sqlite3
import sys


def dump(path):
    con = sqlite3.connect(path)
    lines = []
    tables = [r[0] for r in con.execute("select name from sqlite_master where type = 'table'")]
    data = sorted(
        t for t in tables if not t.startswith("sqlite_") and not t.startswith("_datacode_")
    )
    for t in data:
        quoted = '"' + t.replace('"', '""') + '"'
        cols = con.execute("pragma table_info(%s)" % quoted).fetchall()
        lines.append("TABLE %s (%s)" % (t, ", ".join("%s:%s" % (c[1], c[2]) for c in cols)))
        for row in con.execute("select * from %s order by rowid" % quoted):
            lines.append("  " + json.dumps(list(row), ensure_ascii=False))
    for name, tbl in con.execute(
        "select name, tbl_name from sqlite_master where type = 'index' "
        "and name not like 'sqlite_%' order by name"
    ):
        cols = [r[2] for r in con.execute('pragma index_info("%s")' % name.replace('"', '""'))]
        lines.append("INDEX %s ON %s (%s)" % (name, tbl, ", ".join(cols)))
    for r in con.execute(
        "select from_table, from_column, to_table, to_column, relation_type "
        "from _datacode_relations order by id"
    ):
        lines.append("RELATION %s.%s -> %s.%s %s" % r)
    for r in con.execute(
        "select variable_name, variable_type, table_name, row_count, "
        "column_count, description, value from _datacode_variables order by variable_name"
    ):
        lines.append("VARIABLE " + json.dumps(list(r), ensure_ascii=False))
    con.close()
    return "".join(line + "\n" for line in lines)


if __name__ == "__main__":
    sys.stdout.write(dump(sys.argv[1]))
