"""Leading eigenvectors of a symmetric matrix, computed by LAPACK without the interpreter lock.

`scipy.linalg.eigh` holds the lock while LAPACK works, so that the matrices of several days would wait for
each other. This calls the same routine of the same library, dsyevr, as it does, and gives the same bits.
"""

import ctypes
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cython_lapack

Matrix = NDArray[np.float64]
_ROUTINE = b"dsyevr"
_ARGUMENTS = 21  # all of them pointers


def leading_eigenvectors(lower: Matrix, wanted: int) -> Matrix:
    """float64[n, wanted]: the eigenvectors of the largest eigenvalues, those in ascending order.

    `lower` float64[n, n]: the matrix's lower triangle. Raises LinAlgError if LAPACK does not converge.
    """
    size = len(lower)
    matrix = np.array(lower, order="F", dtype=np.float64)
    vectors = np.empty((size, wanted), order="F")
    values, support = np.empty(size), np.empty(2 * wanted, dtype=np.intc)
    sizes = np.array([size, size - wanted + 1, size, 0, 0], dtype=np.intc)  # n, first, last, found, info
    nothing = np.zeros(1)
    n, first, last, found, info = (_address(sizes[at:]) for at in range(len(sizes)))

    def run(work: Matrix, integers: NDArray[np.intc], *lengths: int) -> None:
        counts = np.array(lengths, dtype=np.intc)
        _routine()(
            *(b"V", b"I", b"L", n, _address(matrix), n, _address(nothing), _address(nothing), first, last),
            *(_address(nothing), found, _address(values), _address(vectors), n, _address(support)),
            *(_address(work), _address(counts), _address(integers), _address(counts[1:]), info),
        )
        if sizes[4]:
            raise LinAlgError(f"dsyevr stopped with {sizes[4]} on a matrix of {size} columns")

    work, integers = np.empty(1), np.empty(1, dtype=np.intc)
    run(work, integers, -1, -1)  # asks how much memory it works best with
    run(np.empty(int(work[0])), np.empty(integers[0], dtype=np.intc), int(work[0]), int(integers[0]))
    return vectors


def _address(array: NDArray[np.float64] | NDArray[np.intc]) -> int:
    return array.ctypes.data


@cache
def _routine() -> "ctypes._CFunctionType":
    """dsyevr of the LAPACK that SciPy has brought; a call by ctypes releases the interpreter lock."""
    capsule = ctypes.py_object(cython_lapack.__pyx_capi__[_ROUTINE.decode()])
    name = ctypes.pythonapi.PyCapsule_GetName
    name.restype, name.argtypes = ctypes.c_char_p, [ctypes.py_object]
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    arguments = [ctypes.c_char_p] * 3 + [ctypes.c_void_p] * (_ARGUMENTS - 3)
    return ctypes.CFUNCTYPE(None, *arguments)(pointer(capsule, name(capsule)))
