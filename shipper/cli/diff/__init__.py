"""`shipper diff`: the command, its inputs, and its answer as text and data."""
