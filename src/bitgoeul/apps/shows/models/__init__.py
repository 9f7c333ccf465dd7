"""Shows as they are drawn and made, and the evenings on which they fly."""

from bitgoeul.apps.shows.models.flights import Attachment, Flight, FlightLog, Reading
from bitgoeul.apps.shows.models.storyboards import Asset, Draft, Film, Show, Version

__all__ = ["Asset", "Attachment", "Draft", "Film", "Flight", "FlightLog", "Reading", "Show", "Version"]
