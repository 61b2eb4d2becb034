"""Everything that touches media, as a library: nothing here knows of stages, documents or the cloud."""
