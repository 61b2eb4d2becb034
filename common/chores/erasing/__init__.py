"""Erasing: everything of an asset, an organisation or a person, with receipts."""
