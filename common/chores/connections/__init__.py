"""Connections: the accounts that are spoken for, their tokens, and what their platforms tell."""
