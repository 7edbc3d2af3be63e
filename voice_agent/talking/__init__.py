"""A call in the terminal against a running server: Twilio's side of it over the real webhook and websocket."""
