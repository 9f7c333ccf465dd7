"""Where storyboards become shows: confined processes that know the engine and nothing of the hub.

    program  stand-alone: makes one version, or answers previews
    box      what such a process sees and may use
    loop     keeps them, inside the runner
    asking   the hub's way to the previews

Drawings, meshes and fonts are strangers' files, so nothing but ``program`` opens them.
"""
