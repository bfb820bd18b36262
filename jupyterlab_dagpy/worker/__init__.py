"""What runs inside a kernel's own Python: zygote, session, reads, values and analysis.

The folder is self-contained. `boot` registers it as package ``dagpy_worker``; relative imports only.
"""
