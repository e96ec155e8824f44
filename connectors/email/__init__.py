"""Email, from a Maildir or over IMAP."""
