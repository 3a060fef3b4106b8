"""Load over kept-alive connections: as fast as the server answers, or at a fixed rate."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["Result", "run"]


@dataclass(slots=True)
class Result:
    """What came back."""

    seconds: float = 0.0
    took: list[float] = field(default_factory=list)
    failures: int = 0

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.took) / self.seconds

    def percentile(self, share: float) -> float:
        """Milliseconds within which a share of the answers came."""
        ordered = sorted(self.took)
        return 1_000 * ordered[min(len(ordered) - 1, int(len(ordered) * share))]


async def _client(
    port: int, paths: Iterator[str], ends: float, result: Result, due: Iterator[float] | None
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while True:
            at = time.perf_counter() if due is None else next(due)
            if at >= ends:
                return
            pause = at - time.perf_counter()
            if due is not None and pause > 0:
                await asyncio.sleep(pause)
            writer.write(f"GET {next(paths)} HTTP/1.1\r\nhost: bench\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length: ", 1)[1].split(b"\r\n", 1)[0])
            await reader.readexactly(length)
            # With a fixed rate the time counts from when the request was due, so that waiting is not hidden.
            result.took.append(time.perf_counter() - at)
            result.failures += b" 200 " not in head[:16]
    finally:
        writer.close()


def _schedule(began: float, rate: float) -> Iterator[float]:
    count = 0
    while True:
        yield began + count / rate
        count += 1


def run(
    port: int, paths: Iterator[str], seconds: float, *, clients: int = 8, rate: float | None = None
) -> Result:
    """Asks for `seconds`; with `rate` that many requests a second, else as fast as possible."""

    async def main() -> Result:
        result = Result()
        began = time.perf_counter()
        due = None if rate is None else _schedule(began, rate)
        tasks = [_client(port, paths, began + seconds, result, due) for _ in range(clients)]
        await asyncio.gather(*tasks)
        result.seconds = time.perf_counter() - began
        return result

    return asyncio.run(main())
