"""Detectors that may not be part of Cutroom: ultralytics is AGPL-3.0, and is kept apart here.

Nothing in common/ or functions/ imports this package, and nothing in it runs in Cutroom's own environment:
common/adapters/models/yolo.py starts it by name, as a program of its own, with the Python of .venv-objects/, which
only `scripts/setup objects` makes. What crosses the pipe between the two is pictures and boxes. Without that
environment the product is whole; what it cannot say then, it names as left out. Whoever installs the environment and
offers it to others over a network has to meet the AGPL, or hold a licence from Ultralytics (see NOTICE).
"""
