#!/usr/bin/env python3
"""faiss's IndexFlatL2 on the question of gallery.rs: python3 against_faiss.py

Needs `pip install faiss-cpu numpy`, best in a virtual environment outside of the
repository; says so and ends where they are missing. Prints medians and minima.
"""

import sys
import time

try:
    import faiss
    import numpy as np
except ImportError as missing:
    sys.exit(f"skipped: {missing}; pip install faiss-cpu numpy")


def timed(search, runs):
    times = []
    for _ in range(runs):
        begin = time.perf_counter()
        search()
        times.append((time.perf_counter() - begin) * 1e3)
    return np.median(times), min(times)


random = np.random.default_rng(1)
print(f"faiss {faiss.__version__}, {faiss.omp_get_max_threads()} threads")
for people in (100_000, 1_000_000):
    vectors = random.standard_normal((people, 128), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    index = faiss.IndexFlatL2(128)
    index.add(vectors)
    probes = vectors[:64] + np.float32(0.01)
    for batch in (1, 64):
        median, least = timed(lambda: index.search(probes[:batch], 5), 30 if batch == 1 else 8)
        print(f"{people:>9} people, batch {batch:>2}: median {median:8.2f} ms, least {least:8.2f} ms")
