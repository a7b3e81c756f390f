"""Tests of ``datacode.values``."""
