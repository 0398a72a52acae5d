"""Whether fsspec can open a URL with what is installed, in words that say what is missing."""

import fsspec
from fsspec.utils import get_protocol


def why_not_opened(url: str) -> str | None:
    """Why no file system is there for a URL, and what to install; None where one is. Nothing is connected to.

    The words are fsspec's own, of its list of file systems: they name the package, and hold nothing of the URL.
    """
    protocol = get_protocol(url)
    try:
        fsspec.get_filesystem_class(protocol)
    except ImportError as error:
        missing = f" (Python finds no module {error.__cause__.name!r})" if isinstance(error.__cause__, ImportError) else ""
        return (
            f"{str(error).rstrip('.')}{missing}: this project does not bring it. Install it with pip into the environment in "
            "which the pipeline runs."
        )
    except ValueError:
        return f"fsspec knows no file system {protocol}://. Correct the address."
    return None
