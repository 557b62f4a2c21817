"""Durable storage: SQLite and Postgres behind one small protocol."""
