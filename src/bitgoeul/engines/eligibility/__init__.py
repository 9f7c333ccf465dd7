"""Eligibility: named clauses, each of which passes, fails or stays unknown, with a reason.

A clause is a rule in CEL over a declared vocabulary of facts. A rule is guarded when it is saved
(``read_clauses``) and assessed when somebody asks (``assess``). A fact that is not there makes the
outcome unknown wherever the outcome depends on it; nothing passes because something was missing.

>>> words = Vocabulary([Term("organisation.region", "text", {"ko": "지역", "en": "Region"})])
>>> clauses = read_clauses([{
...     "name": "local", "title": {"ko": "지역 기관", "en": "Local"},
...     "rule": 'organisation.region == "gwangju"',
...     "passes": {"ko": "{organisation.region} 기관입니다.", "en": "You are in {organisation.region}."},
...     "fails": {"ko": "광주 기관만 됩니다.", "en": "Only Gwangju."}}], words)
>>> [outcome.result for outcome in assess(clauses, {"organisation": {"region": "gwangju"}}, words)]
['pass']
>>> assess(clauses, {}, words)[0].reason["en"]
'Not known yet: Region.'
"""

from bitgoeul.engines.eligibility._assess import Outcome, Result, assess, verdict
from bitgoeul.engines.eligibility._clauses import Clause, Problem, RulesInvalid, fingerprint, read_clauses
from bitgoeul.engines.eligibility._vocabulary import Kind, Term, Vocabulary

__all__ = [
    "Clause",
    "Kind",
    "Outcome",
    "Problem",
    "Result",
    "RulesInvalid",
    "Term",
    "Vocabulary",
    "assess",
    "fingerprint",
    "read_clauses",
    "verdict",
]
