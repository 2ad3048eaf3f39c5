"""What a log should come to, written against the definitions alone: README, docs/frame.md and what they say of times.

Rule: plain loops over plain values, all at once, and not a line shared with what it judges.
"""
