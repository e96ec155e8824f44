"""Worked examples of the contracts; docs/adding-a-connector.md and docs/adding-a-helpdesk.md walk through them."""
