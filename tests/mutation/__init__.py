"""Whether a wrong cell in a therapy table would be noticed."""
