"""The embedded adapters: one machine, one person, one state folder, no network."""
