"""Weibo: mentions and comments by polling, private messages by push, answers to both."""
