from .objects import OBJECT_SCHEMA as OBJECT_SCHEMA
from .objects import AuditedObject as AuditedObject
from .objects import ObjectKind as ObjectKind
from .objects import Parts as Parts
