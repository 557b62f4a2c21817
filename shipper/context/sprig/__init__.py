"""The functions of Sprig (https://masterminds.github.io/sprig), one module for each theme."""
