"""What people fill in about programmes, split by subject."""
