"""`bitgoeul credits`, split by subject; importing a subject adds its words."""

from bitgoeul.apps.credits.cli import benefits as benefits
from bitgoeul.apps.credits.cli import prices as prices
from bitgoeul.apps.credits.cli import transfers as transfers
from bitgoeul.apps.credits.cli.app import app

__all__ = ["app"]
