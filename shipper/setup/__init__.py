"""What `setup` prints: the license server and the operator as Kubernetes objects, rendered by shipper itself.

Each has an assets spec here. Values, their defaults and their schema are those of its Helm chart.
"""
