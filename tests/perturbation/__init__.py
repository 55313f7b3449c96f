"""Tests of maps by trial: crops, sets of pixels, the regression, and who is tried next."""
