"""The demonstration: nine steps from nothing to a live, metered AI service, through the public HTTP API.

One module per step, each with a ``TITLE`` and ``run(journey)``.  A step fails by raising ``StepFailed``; it
never looks into the database, because a new member cannot either.
"""
