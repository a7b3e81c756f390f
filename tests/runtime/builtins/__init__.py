"""Tests of the library, a module a family."""
