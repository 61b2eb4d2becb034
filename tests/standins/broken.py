"""A library that cannot be imported, for a reason of its own."""

raise RuntimeError("this library is broken")
