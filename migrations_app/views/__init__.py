"""Pages: guard, ask one selector or service, answer."""
