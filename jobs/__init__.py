"""Entry points for long work: arguments become a call of the engine, nothing more."""
