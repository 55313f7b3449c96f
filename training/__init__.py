"""How the embedded model ``markers`` is made: ``python -m training``."""
