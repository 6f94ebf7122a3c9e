"""The engine's Triton kernels (`small`, `attention`, `matrix`) and what launches them.

Every kernel computes in float32 and rounds where `model.ops.TorchOps` rounds. What varies from
frame to frame (positions) is read on the device, never passed: launches can be captured in a graph.
Numbers that vary from job to job are not specialised, or each would be compiled anew.
"""
