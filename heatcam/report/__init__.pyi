from .accumulate import RunAccumulator as RunAccumulator
from .csv_rows import ObjectRows as ObjectRows
from .document import document_of as document_of
from .page import page_of as page_of
from .plain import drift_rows as drift_rows
from .plain import plain_lines as plain_lines
from .statistics import RunFacts as RunFacts
from .statistics import RunStatistics as RunStatistics
