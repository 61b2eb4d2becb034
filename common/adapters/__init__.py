"""Adapters: one implementation of a port each."""
