"""The words that everything speaks.

Frozen structures without behaviour, the errors named by their remedy, and the types in which settings
are written.  Imports nothing of ours.
"""
