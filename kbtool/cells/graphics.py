"""Which GPU the process that it runs in computes on, as CUDA's driver says, whatever library uses it.

Loaded by `session`; imports nothing but the standard library. Who asks a GPU for its name or its memory has no context
on it yet; who computes there has one. Names and signatures are those of `cuda.h`.
"""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress
from typing import Any

_NAME = 256  # bytes for a model's name
_GPUS = "/proc/driver/nvidia/gpus"


def device() -> str:
    """What this process computes on: `cpu`, or `cuda:` and the model of the first GPU that it has a context on."""
    driver = _driver()
    count = ctypes.c_int()
    if driver is None or driver.cuDeviceGetCount(ctypes.byref(count)):
        return "cpu"
    for number in range(count.value):
        flags, active = ctypes.c_uint(), ctypes.c_int()
        driver.cuDevicePrimaryCtxGetState(number, ctypes.byref(flags), ctypes.byref(active))
        if active.value:
            return _named(driver, number)
    own, its = ctypes.c_void_p(), ctypes.c_int()  # a context that somebody made for himself
    if driver.cuCtxGetCurrent(ctypes.byref(own)) or not own.value:
        return "cpu"
    driver.cuCtxGetDevice(ctypes.byref(its))
    return _named(driver, its.value)


def is_hidden() -> bool:
    """Whether this machine has a GPU that the process may not see."""
    with suppress(OSError):
        return os.environ.get("CUDA_VISIBLE_DEVICES") == "" and any(os.scandir(_GPUS))
    return False


def _named(driver: Any, number: int) -> str:
    name = ctypes.create_string_buffer(_NAME)
    driver.cuDeviceGetName(name, _NAME, number)
    return f"cuda:{name.value.decode(errors='replace')}"


def _driver() -> Any:
    """The driver's library, if something has loaded it."""
    try:
        return ctypes.CDLL("libcuda.so.1", mode=os.RTLD_NOLOAD)
    except (OSError, AttributeError):
        return None
