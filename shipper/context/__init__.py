"""What a template may see: plain data and named functions."""
