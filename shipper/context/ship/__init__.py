"""The functions of Replicated Ship and KOTS that mean something else in repl, or are only there."""
