"""Usage and seats: events, the sessions they add up to, and the one way seats are counted. Pure, without I/O."""
