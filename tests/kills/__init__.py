"""Writes under kill -9: none lost, none doubled, none claimed that is not there."""
