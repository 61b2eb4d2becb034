"""Decisions from numbers: pure functions, no input or output."""
