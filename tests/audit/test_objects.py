"""Objects of an audit: the table has a column for each field, in the same order and of the same type."""

from __future__ import annotations

from dataclasses import fields

import polars

from heatcam.audit.objects import OBJECT_SCHEMA, AuditedObject

TYPES = {"int": polars.Int64, "str": polars.String, "float": polars.Float64, "bool": polars.Boolean}


def test_the_table_has_a_column_for_each_field_in_their_order_and_of_their_type() -> None:
    told = [(each.name, TYPES[str(each.type).removesuffix(" | None")]) for each in fields(AuditedObject)]
    assert told == [(name, kind) for name, kind in OBJECT_SCHEMA.items()]
