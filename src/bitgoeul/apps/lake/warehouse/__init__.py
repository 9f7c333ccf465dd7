"""Where tables lie and queries run: a sandbox for everything that members wrote, and the Delta log."""
