"""Walking through a JSON value."""


def inside(value):
    """The value and everything in it."""
    yield value
    for inner in value.values() if isinstance(value, dict) else ():
        yield from inside(inner)
    for inner in value if isinstance(value, list) else ():
        yield from inside(inner)
