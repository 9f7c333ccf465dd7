"""The pages of credits, benefits and prices."""

from bitgoeul.apps.credits.views import benefits, prices
from bitgoeul.apps.credits.views.transfers import detail, grant, index, reverse_transfer

__all__ = ["benefits", "detail", "grant", "index", "prices", "reverse_transfer"]
