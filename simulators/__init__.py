"""Plants that never were: factory lines in virtual time, their faults, and the book of what really happened."""
