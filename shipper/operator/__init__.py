"""The operator: one in each cluster, between the license server and the apps."""
