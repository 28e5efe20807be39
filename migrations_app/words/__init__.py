"""Every code of the program in words: what it is called, why it happened, what to do about it.

One row per code, translated; a test walks all codes and finds none without a row.
"""

from .base import Explanation, Phrase, Sign, Term, Word, explain, sign_of, title_of
from .catalogue import PARAMETERS, PROOFS, WORKLOAD_TYPES
from .errors import ERRORS
from .figures import ROUND_METHODS, ROUNDS_ENDED_BY, STOP_PARTS
from .glossary import GLOSSARY
from .notes import NOTES, REASONS, WARNINGS
from .options import COMPRESSIONS, OPTIONS
from .plans import KINDS, OPERATIONS, PHASES, SIDES, STRATEGIES
from .problems import PROBLEMS
from .signs import HOST_SIGNS, JOB_SIGNS, PROOF_SIGNS, SEVERITY_SIGNS, WORKLOAD_SIGNS

__all__ = (
    "COMPRESSIONS",
    "ERRORS",
    "GLOSSARY",
    "HOST_SIGNS",
    "JOB_SIGNS",
    "KINDS",
    "NOTES",
    "OPERATIONS",
    "OPTIONS",
    "PARAMETERS",
    "PHASES",
    "PROBLEMS",
    "PROOFS",
    "PROOF_SIGNS",
    "REASONS",
    "ROUNDS_ENDED_BY",
    "ROUND_METHODS",
    "SEVERITY_SIGNS",
    "SIDES",
    "STOP_PARTS",
    "STRATEGIES",
    "WARNINGS",
    "WORKLOAD_SIGNS",
    "WORKLOAD_TYPES",
    "Explanation",
    "Phrase",
    "Sign",
    "Term",
    "Word",
    "explain",
    "sign_of",
    "title_of",
)
