"""What is known about Kubernetes documents: where they begin and end, what they are, the order to apply them in."""

from __future__ import annotations

from shipper.kubernetes.documents import Document, documents, json_documents
from shipper.kubernetes.order import rank

__all__ = ["Document", "documents", "json_documents", "rank"]
