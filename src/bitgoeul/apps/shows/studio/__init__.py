"""Where storyboards become shows: confined processes that know the engine and nothing of the hub.

    program  stand-alone: makes one version, compares one log, or answers previews
    box      what such a process sees and may use
    work     one process at work, and what becomes of its outcome
    loop     keeps them, inside the runner
    asking   the hub's way to the previews

Drawings, meshes and fonts are strangers' files, so nothing but ``program`` opens them.
"""
