"""The part in a Jupyter server: keeps the daemon running and passes on what pages and scripts ask of it."""
