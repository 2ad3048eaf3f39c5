"""The live screen of a running line: its figures, how they are drawn, and their words in both languages."""
