"""Register tiles: four objects against eight training points at a time.

Inside its support the Epanechnikov kernel is ``1 - |x - y|^2``, in units of the bandwidth. Written
out, ``(1 - |y|^2) - |x|^2 + 2 x.y``: one subtraction and one multiply-add per coordinate, clipped
at zero and summed. Training points come in *strips* of eight, which is one vector register per
coordinate on a processor with AVX-512 and two or four elsewhere; four objects share each strip that
is loaded from memory, and their sums stay in registers from the first strip to the last.

The loop is written in the compiler's own vector language because compilers, left alone, take
half of the register and end each short run of training points with a sum across its lanes.
"""

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = ["LANES", "MAX_FEATURES", "TILE", "pack_strips", "pad_features", "sum_strips"]

#: The engine carries points of up to this many coordinates.
MAX_FEATURES = 8

#: Training points in a strip.
LANES = 8

#: Objects in a tile.
TILE = 4


def pad_features(X):
    """Copy points to float64 with 4 or 8 coordinates; the added ones are zero.

    Parameters
    ----------
    X : (n, d) array, d from 1 to 8

    Returns
    -------
    (n, 4) or (n, 8) array
        C-contiguous. Zeros leave every distance unchanged.
    """
    n, d = X.shape
    padded = np.zeros((n, 4 if d <= 4 else 8))
    padded[:, :d] = X
    return padded


@njit(cache=True, nogil=True, fastmath={"contract", "nsz"})
def pack_strips(axes, points, weights, start, stop, objects, q, scale, strips):
    """Write training points as a tile reads them: strip by strip, local, scaled.

    Row ``d`` of a strip becomes ``2 y_d``, then come ``1 - |y|^2`` and the weight, where
    ``y = (point - middle of box q) * scale``. The middle is nearby, which keeps ``|y|`` small and
    the expanded square exact to a few units in the last place. Points of weight zero fill up the
    strips.
    """
    width = len(axes)
    for k in range(strips.shape[0] * LANES):
        strip, lane = strips[k // LANES], k % LANES
        if k < stop - start:
            square = 0.0
            for d in range(width):
                y = (points[start + k, d] - objects[q, d]) * scale
                strip[d, lane] = 2.0 * y
                square += y * y
            strip[width, lane] = 1.0 - square
            strip[width + 1, lane] = weights[start + k]
        else:
            strip[:, lane] = 0.0


@intrinsic
def sum_strips(typingctx, axes, x, first, strips, chosen, n_chosen, sums):
    """Add ``sum_j w_j max(0, 1 - |x_i - y_j|^2)`` to ``sums[i]`` for one tile of objects.

    To be called from compiled code.

    Parameters
    ----------
    axes : tuple of width w
    x : (n, w) array
        Objects in the same local, scaled coordinates as the strips.
    first : int
        Number of the first of `TILE` objects.
    strips : (n_strips, w + 2, LANES) array
        Training points from `pack_strips`.
    chosen : (>= n_chosen,) int array
        Numbers of the strips to sum over.
    n_chosen : int
        How many of them; at least 1.
    sums : (n,) array
        All arrays are C-contiguous float64, `chosen` int64.
    """
    width = len(axes)
    signature = types.void(axes, x, types.int64, strips, chosen, types.int64, sums)

    def codegen(context, builder, signature, arguments):
        x, strips, chosen, sums = (
            context.make_array(signature.args[k])(context, builder, arguments[k]).data
            for k in (1, 3, 4, 6)
        )
        _emit_tile(builder, width, x, arguments[2], strips, chosen, arguments[5], sums)
        return context.get_dummy_value()

    return signature, codegen


def _emit_tile(builder, width, x, first, strips, chosen, n_chosen, sums):
    """Write the loop over strips; all accumulators live in registers."""
    number, vector = ir.DoubleType(), ir.VectorType(ir.DoubleType(), LANES)
    index = ir.IntType(64)
    multiply_add = cgutils.get_or_insert_function(
        builder.module,
        ir.FunctionType(vector, [vector] * 3),
        f"llvm.fmuladd.v{LANES}f64",
    )
    zero = ir.Constant(vector, [0.0] * LANES)
    objects = []
    for k in range(TILE):
        row = builder.mul(builder.add(first, index(k)), index(width))
        norm = number(0.0)
        splats = []
        for d in range(width):
            value = builder.load(builder.gep(x, [builder.add(row, index(d))]))
            norm = builder.fadd(norm, builder.fmul(value, value))
            splats.append(_splat(builder, value))
        objects.append((splats, _splat(builder, norm)))

    before = builder.block
    loop, after = builder.append_basic_block("tile"), builder.append_basic_block("tile_end")
    builder.branch(loop)
    builder.position_at_end(loop)
    step = builder.phi(index)
    step.add_incoming(index(0), before)
    totals = [builder.phi(vector) for _ in range(TILE)]
    strip = builder.mul(builder.load(builder.gep(chosen, [step])), index((width + 2) * LANES))
    rows = []
    for d in range(width + 2):
        place = builder.gep(strips, [builder.add(strip, index(d * LANES))])
        rows.append(builder.load(builder.bitcast(place, vector.as_pointer()), align=8))
    after_step = builder.add(step, index(1))
    step.add_incoming(after_step, loop)
    results = []
    for total, (splats, norm) in zip(totals, objects, strict=True):
        value = builder.fsub(rows[width], norm)
        for d in range(width):
            value = builder.call(multiply_add, [splats[d], rows[d], value])
        value = builder.select(builder.fcmp_ordered(">", value, zero), value, zero)
        results.append(builder.call(multiply_add, [rows[width + 1], value, total]))
        total.add_incoming(zero, before)
        total.add_incoming(results[-1], loop)
    builder.cbranch(builder.icmp_signed("<", after_step, n_chosen), loop, after)
    builder.position_at_end(after)
    for k, result in enumerate(results):
        place = builder.gep(sums, [builder.add(first, index(k))])
        builder.store(builder.fadd(builder.load(place), _sum_lanes(builder, result)), place)


def _splat(builder, value):
    """A vector with the same number in each lane."""
    blank = ir.Constant(ir.VectorType(value.type, LANES), ir.Undefined)
    one = builder.insert_element(blank, value, ir.IntType(32)(0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(one, blank, zeros)


def _sum_lanes(builder, vector):
    """Sum of a vector's lanes, half against half."""
    half = LANES // 2
    while half:
        blank = ir.Constant(vector.type, ir.Undefined)
        lower, upper = (
            builder.shuffle_vector(
                vector,
                blank,
                ir.Constant(ir.VectorType(ir.IntType(32), half), list(range(a, a + half))),
            )
            for a in (0, half)
        )
        vector = builder.fadd(lower, upper)
        half //= 2
    return builder.extract_element(vector, ir.IntType(32)(0))
