"""The verbs of the service. Doors call these and add only their envelope."""
