"""Classifiers of other libraries: their wrapper, and the layers that their maps are taken from. Imports torch in its modules."""
