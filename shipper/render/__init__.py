"""From a spec, a license and options to rendered files: a plan of assets, then its run."""
