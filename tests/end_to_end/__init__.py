"""The whole product from the outside: server and emulators as processes of their own, a caller, the org's records."""
