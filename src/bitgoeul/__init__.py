"""Bitgoeul (빛고을): the software a regional AI cluster runs on."""

__version__ = "0.1.0"
