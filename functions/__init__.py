"""Entry points for short work: what is deployed as functions."""
