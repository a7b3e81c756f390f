"""Reports in HTML, PDF and XLSX."""
