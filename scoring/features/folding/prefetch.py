"""The processor's prefetch instruction for compiled loops: requests memory before it is needed."""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

LINE_WORDS = 8  # 64 bytes of cache, in 64-bit words
_READ, _KEEP, _DATA = 0, 3, 1  # arguments of llvm.prefetch: for reading, high locality, data cache


def _make_prefetch(typing_context: Any, array: Any, index: Any) -> Any:
    """The signature of prefetch(array, index), and its code generator."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        address = builder.bitcast(builder.gep(data, [arguments[1]]), byte)
        instruction = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(ir.VoidType(), [byte, number, number, number]),
            "llvm.prefetch.p0i8",
        )
        builder.call(instruction, [address, number(_READ), number(_KEEP), number(_DATA)])
        return context.get_dummy_value()

    return types.void(array, types.intp), generate


# prefetch(array, index) requests the cache line of array[index]; it changes nothing and cannot fail.
prefetch: Any = intrinsic(_make_prefetch)
