"""Tests of ``datacode.hints``."""
