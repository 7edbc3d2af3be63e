"""The REST resources: each takes a parsed request inside a transaction and gives a reply; HTTP itself is outside."""
