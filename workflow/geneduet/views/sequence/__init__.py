"""Families of features of a protein sequence, one a file."""
