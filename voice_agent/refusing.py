"""How a command refuses: one sentence that names the thing and the mend, exit code 2, no traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from voice_agent.errors import ConfigurationError, StoreUnavailable


@contextmanager
def refusals() -> Iterator[None]:
    """A ConfigurationError ends the program with its sentence; Ctrl-C with nothing."""
    try:
        yield
    except (ConfigurationError, StoreUnavailable) as error:
        typer.secho(f"voice-agent: {error}", fg="red", err=True)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
