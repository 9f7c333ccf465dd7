"""What runs by the clock."""

from bitgoeul.apps.record import commands


def seal() -> None:
    """Seal what has been recorded since the last time."""
    commands.seal()
