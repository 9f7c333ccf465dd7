"""What people fill in about credits, benefits and prices."""

from bitgoeul.apps.credits.forms.benefits import BenefitForm, BenefitReversalForm
from bitgoeul.apps.credits.forms.prices import (
    EquipmentQuoteForm,
    EstimateForm,
    MachineQuoteForm,
    TariffForms,
)
from bitgoeul.apps.credits.forms.transfers import (
    AmountField,
    GrantForm,
    ReversalForm,
    SpanForm,
    day,
    start_of,
)

__all__ = [
    "AmountField",
    "BenefitForm",
    "BenefitReversalForm",
    "EquipmentQuoteForm",
    "EstimateForm",
    "GrantForm",
    "MachineQuoteForm",
    "ReversalForm",
    "SpanForm",
    "TariffForms",
    "day",
    "start_of",
]
