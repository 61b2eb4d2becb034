"""The council: several judges with different evidence, one file each; their votes are merged in scoring.consensus."""
