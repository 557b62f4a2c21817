"""The template language of Replicated Ship: Go's text/template between `{{repl` and `}}`."""
