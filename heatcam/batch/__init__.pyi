from .explain_rows import ExplainRows as ExplainRows
from .packing import unpack_map as unpack_map
from .plan import BatchPlan as BatchPlan
