"""From the tree to Python's ``ast``, a module for each family of statements and expressions."""
