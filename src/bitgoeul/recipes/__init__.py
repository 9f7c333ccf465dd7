"""Recipes: programs that run inside jobs. The hub copies them into a sandbox and never imports them."""
