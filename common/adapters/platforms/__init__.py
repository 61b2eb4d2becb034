"""One file for each platform that is posted to."""
