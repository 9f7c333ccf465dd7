"""What exists: accounts and transfers of credits, price lists, benefits in won."""

from bitgoeul.apps.credits.models.benefits import Benefit, BenefitAccount, BenefitPosting
from bitgoeul.apps.credits.models.prices import AgreedPrice, Tariff
from bitgoeul.apps.credits.models.transfers import Account, Hold, Posting, Tranche, Transfer, Wallet

__all__ = [
    "Account",
    "AgreedPrice",
    "Benefit",
    "BenefitAccount",
    "BenefitPosting",
    "Hold",
    "Posting",
    "Tariff",
    "Tranche",
    "Transfer",
    "Wallet",
]
