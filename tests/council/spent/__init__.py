"""The third set, that the scan was first measured by: written like the one beside it, and learned from since."""
