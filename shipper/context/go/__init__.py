"""How Go sees values: their kinds, their text, their order, and the builtins of text/template."""
