"""What happened: told once, in order, to those who listen and to webhooks."""
