"""Every code of the program in words: what it is called, why it happened, what to do about it.

One row per code, translated; a test walks all codes and finds none without a row.
"""

from .api_errors import API_ERRORS
from .base import Explanation, Phrase, Sign, Term, Word, explain, sign_of, title_of
from .catalogue import PARAMETERS, PROOFS, WORKLOAD_TYPES
from .causes import CAUSES, KNOWABLE
from .checks import ADAPTS, CHECK_SIGNS, CHECKS
from .components import COMPONENTS, words_of_component
from .errors import ERRORS
from .experiments import ROLES
from .figures import ROUND_METHODS, ROUNDS_ENDED_BY, STOP_PARTS
from .formats import FORMATS
from .glossary import GLOSSARY
from .host_checks import AUDIT, HOST_CHECK_SIGNS, HOST_CHECKS, OUTCOMES
from .notes import NOTES, REASONS, WARNINGS
from .options import COMPRESSIONS, OPTIONS
from .people import PERSON_ROLES, QUOTAS, SCOPES
from .plans import KINDS, OPERATIONS, PHASES, SIDES, STRATEGIES
from .preparing import OBSTACLES, PREPARING, STEP_SIGNS
from .problems import PROBLEMS
from .signs import (
    EXPERIMENT_SIGNS,
    HOST_SIGNS,
    JOB_SIGNS,
    PROOF_SIGNS,
    SEVERITY_SIGNS,
    TRIAL_SIGNS,
    WORKLOAD_SIGNS,
)
from .verdicts import VERDICTS, sentence_of

__all__ = (
    "ADAPTS",
    "API_ERRORS",
    "AUDIT",
    "CAUSES",
    "CHECKS",
    "CHECK_SIGNS",
    "COMPONENTS",
    "COMPRESSIONS",
    "ERRORS",
    "EXPERIMENT_SIGNS",
    "FORMATS",
    "GLOSSARY",
    "HOST_CHECKS",
    "HOST_CHECK_SIGNS",
    "HOST_SIGNS",
    "JOB_SIGNS",
    "KINDS",
    "KNOWABLE",
    "NOTES",
    "OBSTACLES",
    "OPERATIONS",
    "OPTIONS",
    "OUTCOMES",
    "PARAMETERS",
    "PERSON_ROLES",
    "PHASES",
    "PREPARING",
    "PROBLEMS",
    "PROOFS",
    "PROOF_SIGNS",
    "QUOTAS",
    "REASONS",
    "ROLES",
    "ROUNDS_ENDED_BY",
    "ROUND_METHODS",
    "SCOPES",
    "SEVERITY_SIGNS",
    "SIDES",
    "STEP_SIGNS",
    "STOP_PARTS",
    "STRATEGIES",
    "TRIAL_SIGNS",
    "VERDICTS",
    "WARNINGS",
    "WORKLOAD_SIGNS",
    "WORKLOAD_TYPES",
    "Explanation",
    "Phrase",
    "Sign",
    "Term",
    "Word",
    "explain",
    "sentence_of",
    "sign_of",
    "title_of",
    "words_of_component",
)
