"""How far a heat map can be trusted, in numbers."""
