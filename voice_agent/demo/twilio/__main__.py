"""`python -m voice_agent.demo.twilio [PORT]`: the emulator alone, on this machine."""

import sys

from .server import serve

if __name__ == "__main__":
    serve(int(sys.argv[1]) if len(sys.argv) > 1 else 8020)
