"""What Kubernetes takes as a namespace, as the name of an object, and as a label.

https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
"""

from __future__ import annotations

import re

_DNS_LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")
_DNS_SUBDOMAIN = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*")
_LABEL = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_LABEL_RULE = "at most 63 letters, digits, -, _ and ., with a letter or digit at both ends"


def why_no_namespace(name: str) -> str:
    """Why `name` can't be a namespace's; empty if it can."""
    if _DNS_LABEL.fullmatch(name):
        return ""
    return "a namespace has at most 63 lowercase letters, digits and -, with a letter or digit at both ends"


def why_no_object_name(name: str) -> str:
    """Why `name` can't be that of a Secret, or of most other objects; empty if it can."""
    if len(name) <= 253 and _DNS_SUBDOMAIN.fullmatch(name):
        return ""
    return "a name has at most 253 lowercase letters, digits, - and ., with a letter or digit at both ends of each part"


def why_no_label_key(key: str) -> str:
    """Why `key` can't be a label's or an annotation's; empty if it can."""
    prefix, slash, name = key.rpartition("/")
    if slash and (len(prefix) > 253 or not _DNS_SUBDOMAIN.fullmatch(prefix)):
        return "before the / stands a DNS name, such as example.com"
    return "" if _LABEL.fullmatch(name) else f"a label's name has {_LABEL_RULE}"


def why_no_label_value(value: str) -> str:
    """Why `value` can't be a label's; empty if it can."""
    return "" if not value or _LABEL.fullmatch(value) else f"a label's value has {_LABEL_RULE}, or is empty"
