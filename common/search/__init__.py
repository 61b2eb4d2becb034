"""Looking for clips, by their words and by what they mean."""
