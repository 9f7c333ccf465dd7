"""Composition root: settings, addresses, API, subscriptions, command line, home page."""
