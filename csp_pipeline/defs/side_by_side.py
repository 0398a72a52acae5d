"""How the steps of a run are executed: those that do not wait for each other side by side, in threads of one process."""

import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from queue import Empty, SimpleQueue
from typing import cast

import dagster as dg
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.errors import raise_execution_interrupts
from dagster._core.events import EngineEventData
from dagster._core.execution.api import ExecuteRunWithPlanIterable
from dagster._core.execution.compute_logs import create_compute_log_file_key
from dagster._core.execution.context.system import PlanExecutionContext, PlanOrchestrationContext, StepExecutionContext
from dagster._core.execution.context_creation_job import PlanExecutionContextManager
from dagster._core.execution.execute_in_process import core_execute_in_process
from dagster._core.execution.plan.active import ActiveExecution
from dagster._core.execution.plan.execute_plan import dagster_event_sequence_for_step
from dagster._core.execution.plan.instance_concurrency_context import InstanceConcurrencyContext
from dagster._core.execution.plan.plan import ExecutionPlan
from dagster._core.execution.retries import RetryMode

# Between two looks at whether the run was interrupted, and two attempts to end the queries of the steps then at work.
ASK_AGAIN_SECONDS = 0.2
# A step's name, and an event of it or, when it is over, the future that it was.
Queue = SimpleQueue[tuple[str, dg.DagsterEvent | Future[None]]]


class SideBySideExecutor(dg.Executor):
    """Dagster's executor of one process, but for the number of steps that are at work in it at once.

    The work of a step is mostly DuckDB's, which lets other threads go on. A process for each step, which is what Dagster's
    other executors give, would cost seconds of imports a step. `end_queries` ends what DuckDB is at, so that an interrupted
    run does not have to wait for it.
    """

    def __init__(self, at_once: int, end_queries: Callable[[], None]) -> None:
        self._at_once, self._end_queries = at_once, end_queries

    @property
    def retries(self) -> RetryMode:
        """A step that asks for it is tried again."""
        return RetryMode.ENABLED

    def execute(self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan) -> Iterator[dg.DagsterEvent]:
        """Execute the plan; gives the events of its steps as they come."""
        told = EngineEventData.in_process(os.getpid(), execution_plan.step_keys_to_execute)
        words = f"steps side by side in process (pid: {os.getpid()}), at most {self._at_once} at once"
        yield dg.DagsterEvent.engine_event(plan_context, f"Executing {words}", event_specific_data=told)
        yield from iter(
            ExecuteRunWithPlanIterable(
                execution_plan=execution_plan,
                iterator=self._execute_steps,
                execution_context_manager=PlanExecutionContextManager(
                    job=plan_context.job,
                    retry_mode=self.retries,
                    execution_plan=execution_plan,
                    run_config=plan_context.run_config,
                    dagster_run=plan_context.dagster_run,
                    instance=plan_context.instance,
                    raise_on_error=plan_context.raise_on_error,
                    output_capture=plan_context.output_capture,
                ),
            )
        )
        yield dg.DagsterEvent.engine_event(plan_context, f"Finished {words}", event_specific_data=told)

    def _execute_steps(self, job_context: PlanExecutionContext, execution_plan: ExecutionPlan) -> Iterator[dg.DagsterEvent]:
        """The steps of a plan, with what they print captured, as for Dagster's executor of one process."""
        logs = job_context.instance.compute_log_manager
        log_key = logs.build_log_key_for_run(job_context.run_id, create_compute_log_file_key())
        with (
            InstanceConcurrencyContext(job_context.instance, job_context.dagster_run) as slots,
            execution_plan.start(
                retry_mode=job_context.retry_mode, max_concurrent=self._at_once, instance_concurrency_context=slots
            ) as active,
            logs.capture_logs(log_key) as captured,
            ThreadPoolExecutor(self._at_once, thread_name_prefix="step") as threads,
        ):
            steps = [step.key for step in execution_plan.get_steps_to_execute_in_topo_order()]
            yield dg.DagsterEvent.capture_logs(job_context, steps, log_key, captured)
            yield from self._work_through(job_context, active, threads)

    def _work_through(
        self, context: PlanExecutionContext, active: ActiveExecution, threads: ThreadPoolExecutor
    ) -> Iterator[dg.DagsterEvent]:
        at_work: dict[str, Future[None]] = {}
        happened: dict[str, list[dg.DagsterEvent]] = defaultdict(list)  # to each step at work
        came: Queue = SimpleQueue()
        try:
            while at_work or not active.is_complete:
                with raise_execution_interrupts():
                    pass  # here only, for one that came while the queue gives an event would lose it
                free = self._at_once - len(at_work)
                for step in active.get_steps_to_execute(limit=free) if free else []:
                    at_work[step.key] = _start_step(threads, context.for_step(step, active.get_known_state()), came)
                yield from active.concurrency_event_iterator(context)
                if not at_work:
                    with raise_execution_interrupts():
                        active.sleep_til_ready()  # a step waits to be tried again
                    continue
                try:
                    step_key, event = came.get(timeout=ASK_AGAIN_SECONDS)
                except Empty:
                    continue
                if isinstance(event, dg.DagsterEvent):
                    yield event
                    happened[step_key].append(event)
                    continue
                # only now, or a step that asks to be tried again would begin before it is over
                del at_work[step_key]
                for one in happened.pop(step_key, []):
                    active.handle_event(one)
                event.result()  # raises what is wrong with Dagster itself; an error of the step is one of its events
                active.verify_complete(context, step_key)
                yield from active.plan_events_iterator(context)  # steps that are skipped because this one failed
        except (Exception, dg.DagsterExecutionInterruptedError):
            active.mark_interrupted()
            yield from self._bring_to_an_end(at_work.values(), came)
            raise

    def _bring_to_an_end(self, at_work: Collection[Future[None]], came: Queue) -> Iterator[dg.DagsterEvent]:
        """Wait until no step is at work, without waiting for DuckDB; gives what still happened."""
        while not all(step.done() for step in at_work):
            self._end_queries()
            wait(at_work, timeout=ASK_AGAIN_SECONDS)
        while not came.empty():
            _, event = came.get()
            if isinstance(event, dg.DagsterEvent):
                yield event


def _start_step(threads: ThreadPoolExecutor, context: StepExecutionContext, came: Queue) -> Future[None]:
    """Execute a step in a thread: each of its events goes to `came`, and at last what became of the thread."""

    def execute() -> None:
        for event in dagster_event_sequence_for_step(context):
            came.put((context.step.key, event))

    at_work = threads.submit(execute)
    at_work.add_done_callback(lambda done: came.put((context.step.key, done)))
    return at_work


def build_executor(at_once: int, end_queries: Callable[[], None]) -> dg.ExecutorDefinition:
    """The executor of the pipeline's jobs."""

    @dg.executor(
        name="side_by_side",
        config_schema={"at_once": dg.Field(dg.IntSource, default_value=at_once, description="steps at work at once")},
    )
    def side_by_side(context: dg.InitExecutorContext) -> SideBySideExecutor:
        return SideBySideExecutor(cast("int", context.executor_config["at_once"]), end_queries)

    return side_by_side


def execute_here(
    job: dg.JobDefinition, instance: dg.DagsterInstance, *, run_id: str, tags: Mapping[str, str], run_config: Mapping[str, object]
) -> dg.ExecuteInProcessResult:
    """Run a job in this process by its own executor, errors of steps in the result; `execute_in_process` would replace it by
    Dagster's.
    """
    return core_execute_in_process(
        job=InMemoryJob(job),
        run_config=run_config,
        instance=instance,
        output_capturing_enabled=False,
        raise_on_error=False,
        run_tags=tags,
        run_id=run_id,
    )
