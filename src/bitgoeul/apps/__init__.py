"""One folder per capability, all of the same shape."""
