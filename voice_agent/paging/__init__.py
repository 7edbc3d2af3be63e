"""Paging the people on call when a caller is in danger, until one of them says that they have it."""
