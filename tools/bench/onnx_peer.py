"""onnxruntime's side: forward passes of the PyTorch networks, exported to ONNX.

usage: onnx_peer.py onnx THREADS"""
import io
import sys

import onnxruntime
import torch

import torch_peer
import turns
import works


def make_step(work):
    if not isinstance(work, works.Network) or work.mode != 'forward':
        raise NotImplementedError('onnxruntime runs forward passes alone')
    model, _, x, _ = torch_peer.model_and_data(work.graph, work.batch, work.settings)
    file = io.BytesIO()
    torch.onnx.export(model.eval(), (x,), file, input_names=['x'], dynamo=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(sys.argv[2])
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(file.getvalue(), options, providers=['CPUExecutionProvider'])
    data = {'x': x.contiguous().numpy()}
    return lambda: session.run(None, data)


if __name__ == '__main__':
    torch.set_num_threads(int(sys.argv[2]))
    turns.serve(onnxruntime.__version__, make_step)
