from .exporting import ExportPlan as ExportPlan
from .exporting import export_model as export_model
