"""The HTTP doors: content negotiation, operations, read-only resources, errors."""
