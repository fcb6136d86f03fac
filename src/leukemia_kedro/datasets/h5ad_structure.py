"""A program of its own: look at each part of the HDF5 file on standard input, without its values.

The HDF5 library may follow the links of a damaged file without end, or crash. Here that ends a
process that nobody needs. It imports h5py alone, because it starts for each file that is read.
"""

import sys
from typing import Any


def look_at(part: Any) -> None:
    """Read the attributes of a group or dataset, and of a dataset where its values are."""
    dict(part.attrs)
    if hasattr(part, "shape"):
        part.id.get_storage_size()
        return
    for name in part:
        look_at(part[name])


if __name__ == "__main__":
    import h5py

    with h5py.File(sys.stdin.buffer, "r") as file:
        look_at(file)
