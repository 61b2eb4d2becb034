"""Adapters for Google Cloud. Nothing of Google is imported before a client is first used."""
