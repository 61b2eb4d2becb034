"""Which arm gets how much of the showing, within what limits, and when the arms are told apart."""
