"""shipper: from an assets spec and a signed license to Kubernetes YAML."""

__version__ = "0.1.0"
