"""Django-aware blocks without domain words."""
