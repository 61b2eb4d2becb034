"""Who may do what: organisations, their members, and the keys of their programs."""
