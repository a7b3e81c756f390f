"""Tests of ``datacode.i18n``."""
