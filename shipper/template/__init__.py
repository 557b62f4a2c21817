"""Templates: two parsers, one evaluator (docs/decisions/0002-evaluator.md)."""
