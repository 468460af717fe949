"""Exact search in galleries: ours, a plain loop, and faiss's IndexFlatL2, in one run.

    pip install faiss-cpu numpy          # best into a virtual environment elsewhere
    python3 xtask/peers/search.py        # prints a table in Markdown, in about four minutes

Builds and runs `cargo bench -p facenet --bench gallery`, whose loop is as a first version
would be. The three take turns, several rounds of them, so that a busy minute of the machine
hits all; of the rounds' medians the least counts, which is what each can do undisturbed.
"""

import argparse
import os
import re
import subprocess
import time

import faiss
import numpy

PEOPLE = (100_000, 1_000_000)
BATCH = 64
TOP = 5

# What `--bench gallery` calls its questions, and how many probes each has.
OURS = {"search": ("ours", 1), "search_batch_of_64": ("ours", BATCH), "plain_loop": ("plain loop", 1)}

UNITS = {"ns": 1e-6, "µs": 1e-3, "ms": 1.0, "s": 1e3}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each question in a round")
    return parser.parse_args()


def medians_of(table):
    """(question, people) and milliseconds, from the table that divan prints."""
    question = None
    for line in table.splitlines():
        if title := re.search(r"[├╰]─ (\w+)\s", line):
            first = title.group(1)
            if not first.isdigit():
                question = first
                continue
            # fastest, slowest, median, mean, samples, iterations
            times = re.findall(r"([\d.]+) (ns|µs|ms|s)\b", line)
            if question in OURS and len(times) >= 4:
                value, unit = times[2]
                yield (question, int(first)), float(value) * UNITS[unit]


def bench(options):
    command = ["cargo", "bench", "--quiet", "-p", "facenet", "--bench", "gallery", "--"]
    command += ["--max-time", str(options.seconds), "--color", "never"]
    command += ["--skip", "search_on_one_thread", "search", "plain_loop"]
    environment = {**os.environ, "RAYON_NUM_THREADS": str(options.threads)}
    root = os.path.join(os.path.dirname(__file__), "../..")
    return subprocess.run(
        command, cwd=root, env=environment, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def median_of(search, seconds):
    search()
    times, end = [], time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < end:
        begin = time.perf_counter()
        search()
        times.append(1e3 * (time.perf_counter() - begin))
    return float(numpy.median(times))


def faiss_medians(options):
    """(probes, people) and milliseconds."""
    random = numpy.random.default_rng(1)
    for people in PEOPLE:
        vectors = random.standard_normal((people, 128), dtype=numpy.float32)
        vectors /= numpy.linalg.norm(vectors, axis=1, keepdims=True)
        index = faiss.IndexFlatL2(128)
        index.add(vectors)
        probes = vectors[:BATCH] + numpy.float32(0.01)
        for batch in (1, BATCH):
            yield (batch, people), median_of(lambda: index.search(probes[:batch], TOP), options.seconds)


def main():
    options = arguments()
    faiss.omp_set_num_threads(options.threads)
    least = {}

    def keep(who, probes, people, milliseconds):
        key = (who, probes, people)
        least[key] = min(milliseconds, least.get(key, milliseconds))

    for _ in range(options.rounds):
        for (question, people), milliseconds in medians_of(bench(options)):
            who, probes = OURS[question]
            keep(who, probes, people, milliseconds)
        for (probes, people), milliseconds in faiss_medians(options):
            keep("faiss", probes, people, milliseconds)

    print(f"{options.threads} threads, faiss {faiss.__version__}, top {TOP}, milliseconds; the least of "
          f"{options.rounds} medians; load {os.getloadavg()[0]:.1f}\n")
    print(f"| people | one probe | faiss `IndexFlatL2` | plain loop | {BATCH} probes | faiss |")
    print("| --- | --- | --- | --- | --- | --- |")
    for people in PEOPLE:
        cells = [("ours", 1), ("faiss", 1), ("plain loop", 1), ("ours", BATCH), ("faiss", BATCH)]
        row = [f"{least[(who, probes, people)]:.3g}" for who, probes in cells]
        print(f"| {people:,} | {' | '.join(row)} |")


main()
