"""How well an opening line pulls, learned from headlines that were tested against each other (NOTICE says whose)."""
