"""Reports: text, tables and charts as one document, in HTML and PDF."""
