"""What an account knows of clips like its own: winners, losers and patterns, as notes that the council is told."""
