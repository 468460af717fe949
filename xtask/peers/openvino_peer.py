"""The engine OpenVINO, in f32: one request at a time (`--hint latency`), or as many at
once as it likes (`--hint throughput`)."""

import openvino

from measure import arguments, measure, pictures

options = arguments()
core = openvino.Core()
model = core.read_model(options.model)
model.reshape([options.batch, 3, 96, 96])
settings = {
    "INFERENCE_PRECISION_HINT": "f32",
    "INFERENCE_NUM_THREADS": options.threads,
    "PERFORMANCE_HINT": options.hint.upper(),
}
if options.hint == "latency":
    settings["NUM_STREAMS"] = 1
compiled = core.compile_model(model, "CPU", settings)
images = pictures(options)

if options.hint == "latency":
    request = compiled.create_infer_request()
    # Without a copy; `images` outlives the request.
    request.set_input_tensor(openvino.Tensor(images, shared_memory=True))

    def run():
        request.infer()
        return request.get_output_tensor(0).data

    measure(options, run)
else:
    at_once = compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")
    queue = openvino.AsyncInferQueue(compiled, at_once)
    answers = {}

    def keep(request, number):
        answers[number] = request.get_output_tensor(0).data.copy()

    queue.set_callback(keep)
    batches = 4 * at_once

    def run():
        for number in range(batches):
            queue.start_async({0: images}, number)
        queue.wait_all()
        return answers[batches - 1]

    measure(options, run, batches)
