"""What the license server and the operator share as HTTP services: routes, errors, limits, TLS, logs."""
