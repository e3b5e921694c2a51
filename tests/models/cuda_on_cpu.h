/* CUDA for a C++ compiler: a block at a time, its threads as fibers that take turns at barriers.

Numbers are those of the GPU to rounding: products of tensor cores leave out the same bits, but add up in double
precision. What waits for a barrier that not all reach ends in an error.
*/

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <memory>
#include <stdexcept>
#include <ucontext.h>
#include <vector>

using std::max;
using std::min;

#define __global__
#define __device__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __align__(bytes) __attribute__((aligned(bytes)))
// Blocks follow one another.
#define __shared__ static

struct Index {
    int x = 0, y = 0, z = 0;
};
struct float4 {
    float x, y, z, w;
};
static Index threadIdx, blockIdx, blockDim, gridDim;

inline unsigned __float_as_uint(float x) {
    unsigned bits;
    std::memcpy(&bits, &x, 4);
    return bits;
}

inline float __uint_as_float(unsigned bits) {
    float x;
    std::memcpy(&x, &bits, 4);
    return x;
}

enum Waits { NOT, FOR_WARP, FOR_BLOCK, DONE };
constexpr size_t STACK = 1 << 16;

struct Fiber {
    ucontext_t context;
    std::unique_ptr<char[]> stack{new char[STACK]};
    Waits waits = NOT;
};

static std::vector<Fiber> fibers;
static ucontext_t scheduler;
static std::function<void()> work;

static void pause(Waits why) {
    Fiber &own = fibers[threadIdx.x];
    own.waits = why;
    swapcontext(&own.context, &scheduler);
}

static void whole_work() {
    work();
    pause(DONE);
}

inline void __syncthreads() { pause(FOR_BLOCK); }

// Lets those go on that wait for `why` and belong together, `together` at a time, where all of them do.
static bool let_go(Waits why, size_t together) {
    bool any = false;
    for (auto first = fibers.begin(); first < fibers.end(); first += together)
        if (std::all_of(first, first + together, [&](const Fiber &fiber) { return fiber.waits == why; })) {
            std::for_each(first, first + together, [](Fiber &fiber) { fiber.waits = NOT; });
            any = true;
        }
    return any;
}

static void run_block(int threads) {
    fibers.clear();
    fibers.resize(threads);
    for (Fiber &fiber : fibers) {
        getcontext(&fiber.context);
        fiber.context.uc_stack.ss_sp = fiber.stack.get();
        fiber.context.uc_stack.ss_size = STACK;
        fiber.context.uc_link = nullptr;
        makecontext(&fiber.context, whole_work, 0);
    }
    do {
        for (threadIdx.x = 0; threadIdx.x < threads; threadIdx.x++)
            if (fibers[threadIdx.x].waits == NOT) swapcontext(&scheduler, &fibers[threadIdx.x].context);
        if (std::all_of(fibers.begin(), fibers.end(), [](const Fiber &fiber) { return fiber.waits == DONE; })) return;
    } while (let_go(FOR_WARP, 32) || let_go(FOR_BLOCK, threads));
    throw std::runtime_error("a barrier that not all threads reach");
}

static void launch(const int *grid, const int *block, std::function<void()> kernel) {
    work = kernel;
    gridDim = {grid[0], grid[1], grid[2]};
    blockDim = {block[0], block[1], block[2]};
    for (blockIdx.y = 0; blockIdx.y < gridDim.y; blockIdx.y++)
        for (blockIdx.x = 0; blockIdx.x < gridDim.x; blockIdx.x++) run_block(blockDim.x);
}

inline float __shfl_xor_sync(unsigned, float x, int mask) {
    static float held[1024];
    const int own = threadIdx.x;
    held[own] = x;
    pause(FOR_WARP);
    const float found = held[own ^ mask];
    pause(FOR_WARP);
    return found;
}

// `mma.m16n8k8` of numbers whose last thirteen bits do not count: what each lane holds is NVIDIA's PTX manual's.
inline void add(float (&sums)[4], const unsigned (&a)[4], unsigned b, unsigned c) {
    static float left[32][16][8], right[32][8][8];
    const int warp = threadIdx.x / 32, group = threadIdx.x % 32 / 4, in_group = threadIdx.x % 4;
    auto counted = [](unsigned bits) { return __uint_as_float(bits & 0xffffe000u); };
    for (int i = 0; i < 4; i++) left[warp][group + i % 2 * 8][in_group + i / 2 * 4] = counted(a[i]);
    right[warp][in_group][group] = counted(b);
    right[warp][in_group + 4][group] = counted(c);
    pause(FOR_WARP);
    for (int i = 0; i < 4; i++) {
        double sum = sums[i];
        for (int k = 0; k < 8; k++)
            sum += (double)left[warp][group + i / 2 * 8][k] * right[warp][k][in_group * 2 + i % 2];
        sums[i] = sum;
    }
    pause(FOR_WARP);
}
