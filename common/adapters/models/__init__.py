"""Models that run on this machine. One file per model; `local` says which answers for what."""
