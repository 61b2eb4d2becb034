"""Learning how well an opening line pulls, from tests of headlines that somebody ran and gave away."""
