"""The cloud's front door: a lean HTTP server, the API data plane, and a bridge to the emulator behind it."""
