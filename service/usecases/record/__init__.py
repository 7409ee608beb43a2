"""The record: evidence that is kept, versioned, searched and assessed again at each change."""
