"""The library of the language, a module a family."""
