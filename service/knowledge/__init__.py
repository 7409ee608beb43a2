"""The tables, drug records and codes, and the readers that turn them into core values."""
