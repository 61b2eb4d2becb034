"""Posts: a clip, a channel and a time, posted once, and read back."""
