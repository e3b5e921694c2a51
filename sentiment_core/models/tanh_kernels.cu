/* The steps of a layer of tanh units on an NVIDIA GPU, forward and back through time; `tanh_kernels.py` calls them.

A block walks through all steps of eight rows, so a batch takes few of the GPU's processors and several runs go on at
once. Each warp makes sixteen units, and holds its part of the recurrent matrix in registers for the whole walk.
Products are made by tensor cores from numbers of 11 bits: each number is the sum of two of those, and three of the
four products of such sums keep float32's accuracy (Ootomo & Yokota 2022). What each thread holds of a product of 16 by
8 by 8 numbers is laid down in NVIDIA's PTX manual, at `mma.m16n8k8`.

UNITS is the layer's size, PADDED the next multiple of 16.
*/

#define PIECES (PADDED / 16)
#define ROWS 8
// Numbers from row to row in shared memory: threads that read at once find theirs in different banks.
#define STRIDE (PADDED % 32 == 16 ? PADDED : PADDED + 16)

struct Split {
    unsigned big, small;
};

__device__ __forceinline__ Split split(float x) {
    Split parts;
    parts.big = (__float_as_uint(x) + 0x1000u) & 0xffffe000u;
    parts.small = __float_as_uint(x - __uint_as_float(parts.big));
    return parts;
}

// A warp's part of the recurrent matrix.
struct Matrix {
    unsigned big[PIECES][2][4], small[PIECES][2][4];
};

// What a thread makes: two units, eight apart, of two rows. Number `i` of the four is unit `i / 2` of row `i % 2`.
struct Place {
    long long row[4];
    int unit[4];
    int held[4];  // where it lies in shared memory
    bool real[4];  // neither a row behind the batch nor a unit behind the layer
};

__device__ __forceinline__ Matrix matrix(const float *u, bool transposed) {
    const int lane = threadIdx.x % 32, first = threadIdx.x / 32 * 16;
    Matrix held;
#pragma unroll
    for (int piece = 0; piece < PIECES; piece++)
#pragma unroll
        for (int half = 0; half < 2; half++)
#pragma unroll
            for (int i = 0; i < 4; i++) {
                const int to = first + lane / 4 + i % 2 * 8;
                const int from = piece * 16 + lane % 4 * 4 + half * 2 + i / 2;
                const bool real = to < UNITS && from < UNITS;
                const Split parts = split(real ? u[transposed ? from * UNITS + to : to * UNITS + from] : 0);
                held.big[piece][half][i] = parts.big;
                held.small[piece][half][i] = parts.small;
            }
    return held;
}

__device__ __forceinline__ Place place(int rows) {
    const int lane = threadIdx.x % 32, first = threadIdx.x / 32 * 16;
    Place here;
#pragma unroll
    for (int i = 0; i < 4; i++) {
        const int row = lane % 4 * 2 + i % 2;
        here.unit[i] = first + lane / 4 + i / 2 * 8;
        here.row[i] = (long long)blockIdx.x * ROWS + row;
        here.held[i] = row * STRIDE + here.unit[i];
        here.real[i] = here.row[i] < rows && here.unit[i] < UNITS;
    }
    return here;
}

__device__ __forceinline__ void add(float (&sums)[4], const unsigned (&a)[4], unsigned b, unsigned c) {
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
                 "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                 : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b), "r"(c));
}

// The products of the matrix with eight vectors, at a thread's place.
__device__ __forceinline__ void multiply(float (&sums)[4], const Matrix &u, const float *vectors) {
    const float *own = vectors + threadIdx.x % 32 / 4 * STRIDE + threadIdx.x % 4 * 4;
    // Three sums: one would wait for itself.
    float main[4] = {}, first[4] = {}, second[4] = {};
#pragma unroll
    for (int piece = 0; piece < PIECES; piece++) {
        const float4 read = *reinterpret_cast<const float4 *>(own + piece * 16);
        const Split parts[4] = {split(read.x), split(read.y), split(read.z), split(read.w)};
#pragma unroll
        for (int half = 0; half < 2; half++) {
            const Split &one = parts[half * 2], &other = parts[half * 2 + 1];
            add(first, u.big[piece][half], one.small, other.small);
            add(second, u.small[piece][half], one.big, other.big);
            add(main, u.big[piece][half], one.big, other.big);
        }
    }
#pragma unroll
    for (int i = 0; i < 4; i++) sums[i] = main[i] + (first[i] + second[i]);
}

__device__ __forceinline__ void clear(float *held) {
    for (int i = threadIdx.x; i < ROWS * STRIDE; i += blockDim.x) held[i] = 0;
}

// `states (rows, steps, UNITS)` holds what is added to U h, and becomes h.
extern "C" __global__ void __launch_bounds__(PADDED * 2)
    walk(float *states, const float *u, int rows, int steps) {
    __shared__ __align__(16) float held[2][ROWS * STRIDE];
    const Matrix across = matrix(u, false);
    const Place here = place(rows);
    float *at[4], next[4];
#pragma unroll
    for (int i = 0; i < 4; i++) {
        at[i] = states + here.row[i] * steps * UNITS + here.unit[i];
        next[i] = here.real[i] ? *at[i] : 0;
    }
    clear(held[0]);
    __syncthreads();
    for (int step = 0; step < steps; step++) {
        float added[4], sums[4];
#pragma unroll
        for (int i = 0; i < 4; i++) {
            added[i] = next[i];
            // Memory is slow: the next step's numbers are on their way meanwhile.
            if (here.real[i] && step + 1 < steps) next[i] = at[i][UNITS];
        }
        multiply(sums, across, held[step % 2]);
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const float state = tanhf(added[i] + sums[i]);
            held[1 - step % 2][here.held[i]] = state;
            if (here.real[i]) *at[i] = state;
            at[i] += UNITS;
        }
        __syncthreads();
    }
}

// The gradient of `states (rows, steps, UNITS)` may lie at any distance from row to row and from step to step. That of
// what tanh was taken of goes to `before`, and its sum over each block's rows and all steps to `sums (blocks, UNITS)`.
extern "C" __global__ void __launch_bounds__(PADDED * 2)
    walk_back(const float *gradient, int to_row, int to_step, const float *states, const float *u, float *before,
              float *sums, int rows, int steps) {
    __shared__ __align__(16) float held[2][ROWS * STRIDE];
    const Matrix across = matrix(u, true);
    const Place here = place(rows);
    long long at[4], from[4];
    float next_gradient[4], next_state[4], total[4] = {};
#pragma unroll
    for (int i = 0; i < 4; i++) {
        at[i] = (here.row[i] * steps + steps - 1) * UNITS + here.unit[i];
        from[i] = here.row[i] * to_row + (long long)(steps - 1) * to_step + here.unit[i];
        next_gradient[i] = here.real[i] ? gradient[from[i]] : 0;
        next_state[i] = here.real[i] ? states[at[i]] : 0;
    }
    clear(held[0]);
    __syncthreads();
    for (int step = 0; step < steps; step++) {
        float own[4], state[4], later[4];
#pragma unroll
        for (int i = 0; i < 4; i++) {
            own[i] = next_gradient[i];
            state[i] = next_state[i];
            if (here.real[i] && step + 1 < steps) {
                next_gradient[i] = gradient[from[i] - to_step];
                next_state[i] = states[at[i] - UNITS];
            }
        }
        multiply(later, across, held[step % 2]);
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const float found = (own[i] + later[i]) * (1 - state[i] * state[i]);
            total[i] += found;
            held[1 - step % 2][here.held[i]] = found;
            if (here.real[i]) before[at[i]] = found;
            at[i] -= UNITS;
            from[i] -= to_step;
        }
        __syncthreads();
    }
#pragma unroll
    for (int i = 0; i < 4; i += 2) {
        float sum = total[i] + total[i + 1];
        sum += __shfl_xor_sync(~0u, sum, 1);
        sum += __shfl_xor_sync(~0u, sum, 2);
        if (threadIdx.x % 4 == 0 && here.unit[i] < UNITS) sums[blockIdx.x * UNITS + here.unit[i]] = sum;
    }
}
