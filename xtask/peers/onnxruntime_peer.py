"""The engine ONNX Runtime."""

import onnxruntime

from measure import arguments, measure, pictures

options = arguments()
settings = onnxruntime.SessionOptions()
settings.intra_op_num_threads = options.threads
settings.inter_op_num_threads = 1
# The batch is known; the model calls it m.
settings.add_free_dimension_override_by_name("m", options.batch)
session = onnxruntime.InferenceSession(
    options.model, settings, providers=["CPUExecutionProvider"]
)
name = session.get_inputs()[0].name
images = pictures(options)
measure(options, lambda: session.run(None, {name: images})[0])
