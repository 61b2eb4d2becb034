"""One command per chore; the Python side of each."""
