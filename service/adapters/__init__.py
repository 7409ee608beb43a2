"""Outside things: the store of evidence and of what was derived from it."""
