"""Stand-ins for services of Google that have no emulator: they speak the real wire format of the client libraries."""
