"""Everything that writes in the lake."""

from bitgoeul.apps.lake.commands.access import change_access, end_access, give_access, open_part
from bitgoeul.apps.lake.commands.datasets import count_download, create_dataset, edit_dataset
from bitgoeul.apps.lake.commands.uploads import (
    abandon_upload,
    begin_upload,
    finish_upload,
    keep_piece,
    receive_piece,
    sweep_uploads,
    upload_file,
)
from bitgoeul.apps.lake.commands.versions import (
    begin_publication,
    complete_publication,
    fail_publication,
    publish_version,
    requeue_publication,
    retry_publication,
    save_query,
    withdraw_version,
)

__all__ = [
    "abandon_upload",
    "begin_publication",
    "begin_upload",
    "change_access",
    "complete_publication",
    "count_download",
    "create_dataset",
    "edit_dataset",
    "end_access",
    "fail_publication",
    "finish_upload",
    "give_access",
    "keep_piece",
    "open_part",
    "publish_version",
    "receive_piece",
    "requeue_publication",
    "retry_publication",
    "save_query",
    "sweep_uploads",
    "upload_file",
    "withdraw_version",
]
