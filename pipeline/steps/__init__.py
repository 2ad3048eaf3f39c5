"""The pure step of each role: (state, what came in) -> (state, what goes out)."""
