"""The composition root: Config -> gateway, worker, historian, notifier.

The only part of `pipeline` that reaches connectors. Each role is a shell: it moves bytes between ports and a pure step.
"""
