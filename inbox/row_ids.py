"""The numbers by which rows are named, on pages, in the API and on the command line."""

from __future__ import annotations

LARGEST_ID = 2**63 - 1
"""What an integer column holds on both databases: no row has a larger number, and asking for one is an error there."""
