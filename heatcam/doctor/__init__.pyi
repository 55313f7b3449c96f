from .finding import Check as Check
from .finding import Finding as Finding
from .finding import State as State
from .registry import CHECKS as CHECKS
from .registry import examine as examine
