"""The stand-alone verifier of the record: one file that needs neither the hub nor Django.

``verify_record.py`` imports nothing from this package on purpose: it is a second, independent writing of
the same mathematics, handed out to whoever wants to check the hub.
"""
