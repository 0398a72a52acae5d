"""How far a long command has come, shown while it works."""

import logging

from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from csp_pipeline.cli.output import errors


class ShowingProgress:
    """Shows the latest line of the pipeline's log, or of `tell`, while work goes on; plain lines without a terminal."""

    def __init__(self, quiet: bool) -> None:
        self.progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            TimeElapsedColumn(),
            console=errors,
            transient=True,
            disable=quiet,
        )
        self.task = self.progress.add_task("starting")
        self.handler = logging.Handler()
        self.handler.emit = lambda record: self(record.getMessage())  # type: ignore[method-assign]

    def __call__(self, message: str) -> None:
        self.progress.update(self.task, description=message[:100])

    def __enter__(self) -> "ShowingProgress":
        logger = logging.getLogger("csp_pipeline")
        logger.setLevel(logging.INFO)
        logger.propagate = False
        logger.addHandler(self.handler)
        self.progress.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.progress.stop()
        logging.getLogger("csp_pipeline").removeHandler(self.handler)
