"""Putting a report into a folder or any other place that fsspec opens: a folder of its own for each report."""

import errno

import fsspec

from csp_pipeline.delivery.letter import Letter
from csp_pipeline.delivery.pack import Pack
from csp_pipeline.errors import DeliveryError

# A share that is away for a moment comes back; a full disk, or a folder that is not ours, does not.
PASSING = {errno.EAGAIN, errno.EBUSY, errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.ECONNRESET, errno.ECONNREFUSED}


def put_in_place(place: str, pack: Pack, letter: Letter, *, may_be_made: bool) -> None:
    """Write the report's files and its letter to `<place>/<day>-<digest>/`.

    Each file gets its name when it is whole, and the JSON comes last: where it stands, all is there. A folder that is not there
    is made only if it may be: a share that is not mounted must not be taken for an empty folder.

    Raises DeliveryError.
    """
    try:
        files, root = fsspec.core.url_to_fs(place)
        if not may_be_made and not files.isdir(root):
            raise DeliveryError(f"{place}: there is no such folder. Make it, or mount the share; nothing was written.")
        target = f"{root.rstrip('/')}/{pack.name}"
        files.makedirs(target, exist_ok=True)
        contents = {**pack.files, f"{pack.stem}.txt": letter.text.encode()}
        for name in sorted(contents, key=lambda name: (name.endswith(".json"), name)):
            files.pipe_file(f"{target}/{name}.part", contents[name])
            files.mv(f"{target}/{name}.part", f"{target}/{name}")
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise DeliveryError(
            f"{place}: the report cannot be written there: {why}. Check that it may be written to and is not full.",
            is_passing=error.errno in PASSING or isinstance(error, TimeoutError | ConnectionError),
        ) from error
    except (ImportError, ValueError) as error:
        raise DeliveryError(
            f"{place}: fsspec cannot open it: {type(error).__name__}. Is the address right, and its package installed?"
        ) from error
