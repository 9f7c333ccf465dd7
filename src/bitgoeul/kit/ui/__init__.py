"""The look: what templates need from Python.  Tags and filters are in ``kit.templatetags.ui``."""
