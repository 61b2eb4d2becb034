"""Cutroom's one implementation: the pipeline, its stages, the ports they reach out through and their adapters."""
