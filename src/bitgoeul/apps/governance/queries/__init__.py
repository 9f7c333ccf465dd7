"""What can be seen of governance, and by whom."""
