"""What the Python engines have in common: arguments, input, timing and the line that
they print. `rust/src/lib.rs` is the same for Rust."""

import argparse
import json
import os
import statistics
import time

import numpy

LEAST = 5  # fewest passes that are timed


def arguments():
    parser = argparse.ArgumentParser(description="Time one engine on one batch.")
    parser.add_argument("--model", required=True, help="the network as ONNX")
    parser.add_argument("--input", required=True, help="pictures as little-endian f32")
    parser.add_argument("--output", help="file for the first answer, likewise")
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True, help="0: one pass, untimed")
    parser.add_argument("--hint", choices=["latency", "throughput"], default="latency")
    return parser.parse_args()


def pictures(options):
    values = numpy.fromfile(options.input, "<f4", options.batch * 3 * 96 * 96)
    return values.reshape(options.batch, 3, 96, 96)


def measure(options, run, passes_a_call=1):
    """Asks `run` for its answer once, keeps it, then times further calls, each of which
    takes `passes_a_call` batches through the network."""
    answer = run()
    if options.output:
        numpy.ascontiguousarray(answer, "<f4").tofile(options.output)
    if options.seconds > 0:
        end = time.perf_counter() + options.seconds / 4
        while time.perf_counter() < end:
            run()
        times, end = [], time.perf_counter() + options.seconds
        while len(times) < LEAST or time.perf_counter() < end:
            start = time.perf_counter()
            run()
            times.append((time.perf_counter() - start) / passes_a_call)
        median = 1e3 * statistics.median(times)
        print(json.dumps({"median_ms": median, "passes": passes_a_call * len(times)}), flush=True)
    # Without tearing down: a cold start ends with the answer.
    os._exit(0)
