"""Ports: everything a stage or the engine reaches the outside through, as Protocols."""
