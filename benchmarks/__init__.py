"""Measurements against the baselines that fanin must beat; ratios of one run, never absolute figures."""
