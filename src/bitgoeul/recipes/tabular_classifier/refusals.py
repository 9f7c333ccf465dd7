"""How a training run says no: one sentence in each language, a stable code, exit status 2."""

from __future__ import annotations


class Refused(Exception):
    """A run that was understood and will not be done."""

    def __init__(self, code: str, *, ko: str, en: str) -> None:
        super().__init__(en)
        self.code, self.ko, self.en = code, ko, en

    def as_json(self) -> dict[str, object]:
        return {"code": self.code, "title": {"ko": self.ko, "en": self.en}}
