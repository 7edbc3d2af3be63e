"""An emulated Salesforce org with Field Service: real HTTP, SQLite storage, everything driven by metadata.

It knows nothing of the product: another client, in another language, may use it alike.
"""
