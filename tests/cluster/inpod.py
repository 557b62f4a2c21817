"""shipper as in a pod: the folder of its service account is where SERVICE_ACCOUNT_FOLDER says.

python -m tests.cluster.inpod ARGUMENTS…
"""

from __future__ import annotations

import os

from shipper.cli.main import main
from shipper.operator import kubeapi

if __name__ == "__main__":
    folder = os.environ.get("SERVICE_ACCOUNT_FOLDER")
    if folder:
        kubeapi.FOLDER = folder
    main()
