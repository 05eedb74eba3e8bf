"""Families of features of an expression compendium, one a file."""
