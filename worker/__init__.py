"""What runs inside the sandbox: the zygote, the lockdown, the engine, the loop, the build step.

Nothing here imports ``host`` or ``policies``, and a worker's process never loads pydantic.
"""
