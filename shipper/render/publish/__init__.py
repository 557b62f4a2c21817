"""Publishing files to a folder as a whole, and reading what was published. `publish` is the way in."""
