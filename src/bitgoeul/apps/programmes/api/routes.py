"""The router that every subject adds its endpoints to."""

from ninja import Router

router = Router(tags=["programmes"])

Text = dict[str, str]
