"""The API of credits, split by subject; importing a subject adds its endpoints to the router.

Prices come first: their addresses would otherwise be taken for an organisation.
"""

from bitgoeul.apps.credits.api import benefits as benefits
from bitgoeul.apps.credits.api import incentives as incentives
from bitgoeul.apps.credits.api import prices as prices
from bitgoeul.apps.credits.api import transfers as transfers
from bitgoeul.apps.credits.api.routes import router

__all__ = ["router"]
