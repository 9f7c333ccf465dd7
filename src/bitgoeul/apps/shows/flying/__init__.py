"""The evening of a show: go or no-go, and the permit file.  Rules are data, in JSON beside this."""
