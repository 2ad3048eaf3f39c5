"""Loaded by every Python with this folder on its path: a row that says 666.5 kills the process that works it off."""

import os
import signal

import pipeline.steps.worker as steps

plan = steps.plan


def killed(state, part):
    if (part.v == 666.5).any():
        os.kill(os.getpid(), signal.SIGSEGV)
    return plan(state, part)


steps.plan = killed
