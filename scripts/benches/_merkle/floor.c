/* The floor of the bench `merkle`: the same tree and the same paths in plain C, one Keccak at a time.
 *
 * Reads `count` leaves of 102 bytes from standard input; prints CPU seconds for tree and paths, and the root.
 * Keccak-f[1600] is unrolled by hand with lanes in variables, as the compilers like it best.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LEAF = 102, DIGEST = 32, RATE = 136 };

static const uint64_t ROUND[24] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808A, 0x8000000080008000, 0x000000000000808B, 0x0000000080000001,
    0x8000000080008081, 0x8000000000008009, 0x000000000000008A, 0x0000000000000088, 0x0000000080008009, 0x000000008000000A,
    0x000000008000808B, 0x800000000000008B, 0x8000000000008089, 0x8000000000008003, 0x8000000000008002, 0x8000000000000080,
    0x000000000000800A, 0x800000008000000A, 0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008};

#define ROL(x, n) (((x) << (n)) | ((x) >> (64 - (n))))
#define CHI(t, u, v, w, x, y)                                                                                          \
    s[y] = t ^ (~u & v);                                                                                               \
    s[y + 1] = u ^ (~v & w);                                                                                           \
    s[y + 2] = v ^ (~w & x);                                                                                           \
    s[y + 3] = w ^ (~x & t);                                                                                           \
    s[y + 4] = x ^ (~t & u);

static void permute(uint64_t s[25])
{
    for (int r = 0; r < 24; r++) {
        uint64_t c0 = s[0] ^ s[5] ^ s[10] ^ s[15] ^ s[20], c1 = s[1] ^ s[6] ^ s[11] ^ s[16] ^ s[21];
        uint64_t c2 = s[2] ^ s[7] ^ s[12] ^ s[17] ^ s[22], c3 = s[3] ^ s[8] ^ s[13] ^ s[18] ^ s[23];
        uint64_t c4 = s[4] ^ s[9] ^ s[14] ^ s[19] ^ s[24];
        uint64_t d0 = c4 ^ ROL(c1, 1), d1 = c0 ^ ROL(c2, 1), d2 = c1 ^ ROL(c3, 1), d3 = c2 ^ ROL(c4, 1), d4 = c3 ^ ROL(c0, 1);
        uint64_t a0 = s[0] ^ d0, a1 = ROL(s[6] ^ d1, 44), a2 = ROL(s[12] ^ d2, 43), a3 = ROL(s[18] ^ d3, 21), a4 = ROL(s[24] ^ d4, 14);
        uint64_t b0 = ROL(s[3] ^ d3, 28), b1 = ROL(s[9] ^ d4, 20), b2 = ROL(s[10] ^ d0, 3), b3 = ROL(s[16] ^ d1, 45), b4 = ROL(s[22] ^ d2, 61);
        uint64_t e0 = ROL(s[1] ^ d1, 1), e1 = ROL(s[7] ^ d2, 6), e2 = ROL(s[13] ^ d3, 25), e3 = ROL(s[19] ^ d4, 8), e4 = ROL(s[20] ^ d0, 18);
        uint64_t f0 = ROL(s[4] ^ d4, 27), f1 = ROL(s[5] ^ d0, 36), f2 = ROL(s[11] ^ d1, 10), f3 = ROL(s[17] ^ d2, 15), f4 = ROL(s[23] ^ d3, 56);
        uint64_t g0 = ROL(s[2] ^ d2, 62), g1 = ROL(s[8] ^ d3, 55), g2 = ROL(s[14] ^ d4, 39), g3 = ROL(s[15] ^ d0, 41), g4 = ROL(s[21] ^ d1, 2);
        CHI(a0, a1, a2, a3, a4, 0)
        CHI(b0, b1, b2, b3, b4, 5)
        CHI(e0, e1, e2, e3, e4, 10)
        CHI(f0, f1, f2, f3, f4, 15)
        CHI(g0, g1, g2, g3, g4, 20)
        s[0] ^= ROUND[r];
    }
}

static void keccak(const uint8_t *data, size_t length, uint8_t out[DIGEST])
{
    uint64_t s[25] = {0};
    uint8_t block[RATE] = {0};
    memcpy(block, data, length);
    block[length] = 1;
    block[RATE - 1] |= 0x80;
    memcpy(s, block, RATE);
    permute(s);
    memcpy(out, s, DIGEST);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    size_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 0, height = 0, sizes[64];
    uint8_t *leaves = malloc(count * LEAF), *levels[64];
    if (count == 0 || leaves == NULL || fread(leaves, LEAF, count, stdin) != count)
        return 1;
    for (size_t n = count;; n = (n + 1) / 2) {
        sizes[height] = n;
        levels[height] = malloc(n * DIGEST);
        if (levels[height++] == NULL)
            return 1;
        if (n == 1)
            break;
    }
    double start = seconds();
    for (size_t i = 0; i < count; i++)
        keccak(leaves + i * LEAF, LEAF, levels[0] + i * DIGEST);
    for (size_t h = 1; h < height; h++) {
        uint8_t node[1 + 2 * DIGEST] = {1};
        for (size_t i = 0; i < sizes[h]; i++) {
            const uint8_t *below = levels[h - 1] + 2 * i * DIGEST;
            if (2 * i + 1 < sizes[h - 1]) {
                memcpy(node + 1, below, 2 * DIGEST);
                keccak(node, sizeof node, levels[h] + i * DIGEST);
            } else {
                memcpy(levels[h] + i * DIGEST, below, DIGEST);
            }
        }
    }
    double built = seconds();
    uint8_t *path = malloc(64 * DIGEST);
    uint64_t mark = 0;
    for (size_t i = 0; i < count; i++) {
        size_t at = i, steps = 0;
        for (size_t h = 0; h + 1 < height; h++, at >>= 1)
            if ((at ^ 1) < sizes[h])
                memcpy(path + DIGEST * steps++, levels[h] + (at ^ 1) * DIGEST, DIGEST);
        __asm__ volatile("" : : "r"(path) : "memory"); /* the whole path is wanted, not its last node alone */
        mark += steps;
    }
    double done = seconds();
    printf("%.6f %.6f ", built - start, done - built);
    for (int i = 0; i < DIGEST; i++)
        printf("%02x", levels[height - 1][i]);
    printf(" %llu\n", (unsigned long long)mark);
    return 0;
}
