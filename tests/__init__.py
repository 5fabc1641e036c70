"""Tests mirror the packages; the front doors first, with a fake world behind them."""
