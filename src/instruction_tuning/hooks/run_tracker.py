"""What one `kedro run` leaves in MLflow: the parent run, and the verdict on the registered version."""

import logging
import socket
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kedro.io import CatalogProtocol
from kedro.pipeline import Node, Pipeline

from instruction_tuning.datasets.registry_client import registry_client
from instruction_tuning.errors import RegistrationError
from instruction_tuning.hooks import model_registry
from instruction_tuning.hooks.answer_source import TEACHER
from instruction_tuning.hooks.benchmark_figures import benchmark_gains, benchmark_scores
from instruction_tuning.hooks.candidate import CANDIDATE_DATASET
from instruction_tuning.hooks.data_versions import data_version, stored_path
from instruction_tuning.hooks.run_context import RunContext, mirrored
from instruction_tuning.hooks.teacher_bill import bill_of_run, payments_of_run
from instruction_tuning.hooks.tracked_run import TrackedRun
from instruction_tuning.hooks.tracking_settings import TrackingSettings
from instruction_tuning.hooks.trained_models import TrainedModels
from instruction_tuning.incremental.live import IncrementalRun

if TYPE_CHECKING:
    from mlflow import MlflowClient

logger = logging.getLogger(__name__)

BENCHMARK_DATASET = "benchmark_items"
# What the registry has to hear of: a node that made one and could not tell it runs again.
TOLD_TO_THE_REGISTRY = ("promotion_verdict",)
MAX_TAG_CHARACTERS = 1000
# MLflow's pages then show runs and models first, and no prompts and traces.
EXPERIMENT_TAGS = {"mlflow.experimentKind": "custom_model_development"}


class RunTracker:
    """Mirrors loads and saves of a run to MLflow; a failure to mirror is a warning, never the run's end."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._models = TrainedModels(context)

    @classmethod
    def start(
        cls,
        settings: TrackingSettings,
        *,
        pipeline: Pipeline,
        catalog: CatalogProtocol[Any, Any],
        name: str,
        tags: Mapping[str, str],
        artifact_location: str | None,
        candidate: object,
        incremental: IncrementalRun | None = None,
    ) -> "RunTracker":
        """Open the parent run and log the parameters that the pipeline uses."""
        with registry_client() as client:
            experiment_id = _experiment(client, settings.experiment, artifact_location)
            parent = TrackedRun.start(client, experiment_id, name, tags)
        context = RunContext(
            client=client,
            experiment_id=experiment_id,
            settings=settings,
            parent=parent,
            pipeline=pipeline,
            catalog=catalog,
            tags=dict(tags),
            candidate=None if candidate is None else str(candidate),
            incremental=incremental,
        )
        with mirrored("the runs that died before"):
            _close_abandoned(client, experiment_id)
        with mirrored("the parameters"):
            parent.log_parameters(context.parameters(pipeline.inputs()))
        return cls(context)

    def loaded(self, name: str, data: Any) -> None:
        """A data set was read; what comes from outside the run is one of its inputs."""
        context = self._context
        if name.startswith("params:") or name == "parameters" or name in context.data:
            return
        with mirrored(name):
            version = data_version(name, context.catalog.get(name), data)
            if version is not None:
                context.data[name] = version
                if name in context.pipeline.inputs():
                    context.parent.log_input(version, context="input")

    def node_starts(self, node: Node) -> None:
        """A node that trains a model opens that model's run."""
        self._models.node_starts(node)

    def saved(self, name: str, data: Any) -> None:
        """A data set was written: remember its version, mirror what MLflow can show."""
        context = self._context
        dataset = context.catalog.get(name)
        is_told = name not in TOLD_TO_THE_REGISTRY
        with mirrored(name):
            version = data_version(name, dataset, data)
            if version is not None:
                context.data[name] = version
            self._mirror(name, data)
            is_told = True
            path = stored_path(dataset)
            if path is not None and path.is_file() and _is_artifact(name, data):
                context.parent.log_file(path, "figures" if hasattr(data, "to_plotly_json") else "reports")
        if not is_told:
            context.leave_unfinished(name, f"the registry was not told of {name}")

    def finish(self, status: str, *, error: str | None = None) -> RegistrationError | None:
        """End every open run with `status`; say which nodes were not run, and whose versions were taken.

        Returns what has to be said of a model that the registry lacks; with it no run is FINISHED.
        """
        self._models.finish(status)
        unregistered = self._models.failed_registration()
        with mirrored("what the teacher was paid"):
            self._log_payments(is_finished=status == "FINISHED")
        with mirrored("the nodes that were reused"):
            self._log_reused()
        with mirrored("the prompts"):
            self._log_prompts()
        with mirrored("the end of the run"):
            error = error or (str(unregistered) if unregistered else None)
            if error:
                self._context.parent.set_tag("error", error[:MAX_TAG_CHARACTERS])
            self._context.parent.end("FAILED" if status == "FINISHED" and unregistered else status)
        return unregistered

    def _log_payments(self, *, is_finished: bool) -> None:
        """What this run sent, also where it failed; who paid for the rest, where there is a result."""
        context = self._context
        if TEACHER not in context.pipeline.inputs():
            return
        session = context.tags["kedro.session"]
        paid = payments_of_run(context.catalog, session)
        metrics: dict[str, float] = {"teacher/requests_sent": len(paid)}
        prices = [payment.price_usd for payment in paid if payment.price_usd is not None]
        if len(prices) == len(paid):
            metrics["teacher/paid_usd"] = sum(prices)
        bill = bill_of_run(context.pipeline, context.catalog, session=session)
        if bill is not None and not is_finished:
            bill = replace(bill, kept=())  # what is kept is that of another run
        if bill is not None:
            metrics |= {f"teacher/usd_per_kept_record/{cost.name}": cost.each_usd for cost in bill.kept}
        context.parent.log_metrics(metrics)
        if bill is not None:
            context.parent.log_text("\n".join(bill.lines()), "reports/teacher_bill.txt")

    def _log_reused(self) -> None:
        run = self._context.incremental
        reused = {} if run is None else run.reused_versions()
        self._context.parent.set_tag("nodes.reused", str(len(reused)))
        if reused:
            self._context.parent.log_json(reused, "reused_nodes.json")

    def _log_prompts(self) -> None:
        """Those that the data were made with, by the nodes that ran and by those that were reused."""
        run = self._context.incremental
        for (name, digest), file in ({} if run is None else run.prompts()).items():
            self._context.parent.set_tag(f"prompt.{name}", digest)
            self._context.parent.log_file(file, "prompts")

    def _mirror(self, name: str, data: Any) -> None:
        parent = self._context.parent
        measured_on = self._context.version_of(BENCHMARK_DATASET)
        if name in self._models:
            self._models.saved(name, data)
        elif name == "benchmark_metrics":
            target = self._candidate_version()
            for role, scores in benchmark_scores(data).items():
                model_id = target.model_id if target and role == "candidate" else None
                parent.log_metrics(scores, model_id=model_id, measured_on=measured_on)
        elif name == "benchmark_comparisons":
            parent.log_metrics(benchmark_gains(data), measured_on=measured_on)
        elif name == "promotion_verdict":
            self._apply_verdict(data)
        elif name.endswith("_metrics") and isinstance(data, Mapping):
            parent.log_metrics({f"{name}/{key}": value for key, value in data.items()})

    def _apply_verdict(self, verdict: Mapping[str, Any]) -> None:
        target = self._candidate_version()
        if target is None:
            logger.info(
                "the evaluated model is no registered version that gets a verdict: it stays in the catalog"
            )
            return
        evaluated = self._context.version_of(CANDIDATE_DATASET)
        judged = verdict.get("candidate_digest")
        if evaluated is not None and judged not in (None, evaluated.digest):
            logger.warning("the verdict is about model %s, this run's is %s", judged, evaluated.digest)
            return
        if model_registry.stands_already(self._context.client, target, verdict):
            logger.info(
                "%s version %s has beaten a champion: that verdict stays", target.name, target.version
            )
            return
        # Whoever looks at an old version has not asked for another champion.
        may_promote = self._context.candidate is None or bool(verdict.get("promote"))
        became = model_registry.apply_verdict(self._context.client, target, verdict, may_promote=may_promote)
        logger.info("%s version %s: %s; %s", target.name, target.version, verdict["verdict"], became)
        if "model_card" in verdict:
            model_registry.describe(self._context.client, target, verdict["model_card"])

    def _candidate_version(self) -> model_registry.RegisteredVersion | None:
        """The registered version that an evaluation in this run is about."""
        context = self._context
        if self._models.is_new(CANDIDATE_DATASET):
            return self._models.registered(CANDIDATE_DATASET)
        evaluated = context.version_of(CANDIDATE_DATASET)
        tracking = context.settings.models.get(CANDIDATE_DATASET)
        if context.candidate is not None and context.candidate.startswith("models:"):
            from instruction_tuning.datasets.registered_model import resolve_model_uri

            name, version = resolve_model_uri(context.candidate)
            if tracking is not None and name != tracking.registered_name:
                return None  # champions come from one registered model: no other's version gets a verdict
            named = model_registry.get_version(context.client, name, version)
            if evaluated is None or named.digest in (None, evaluated.digest):
                return named
            # An alias has moved since, or the name means another server's version.
            logger.warning("%s is another model than the evaluated one by now", context.candidate)
        if tracking is None or evaluated is None:
            return None
        return model_registry.find_version(context.client, tracking.registered_name, evaluated.digest)


def _is_artifact(name: str, data: Any) -> bool:
    return isinstance(data, str) or name == "promotion_verdict" or hasattr(data, "to_plotly_json")


def _experiment(client: "MlflowClient", name: str, artifact_location: str | None) -> str:
    found = client.get_experiment_by_name(name)
    if found is None:
        return str(client.create_experiment(name, artifact_location=artifact_location, tags=EXPERIMENT_TAGS))
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    return str(found.experiment_id)


def _close_abandoned(client: "MlflowClient", experiment_id: str) -> None:
    """A run that kill -9 ended says RUNNING for ever; this machine's dead processes are known."""
    import psutil

    host = socket.gethostname()
    for run in client.search_runs([experiment_id], "attributes.status = 'RUNNING'", max_results=100):
        owner_host, _, owner = run.data.tags.get("process", "").rpartition(":")
        if owner_host == host and owner.isdigit() and not psutil.pid_exists(int(owner)):
            client.set_terminated(run.info.run_id, status="KILLED")
