"""Files of tables in any format: which it is, archives, and workbooks other than XLSX."""
