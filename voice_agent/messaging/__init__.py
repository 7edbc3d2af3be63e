"""Texts that leave: to numbers on record only, in the business's own words, where consent, caps and hours allow it."""
