"""SOQL: text to tokens, tokens to a statement, a statement to SQL, rows to the JSON of a query answer."""
