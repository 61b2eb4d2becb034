"""What a clip's numbers are made of: one file per group of measures, no input or output."""
