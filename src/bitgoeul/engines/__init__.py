"""Pure engines: no Django, network, clock or global randomness; they do not know each other."""
