"""The child run of every model that a run trains, up to its version in the registry."""

import logging
from dataclasses import dataclass, field
from typing import Any

from kedro.pipeline import Node

from instruction_tuning.datasets.registry_client import wait_no_longer_for_the_silent
from instruction_tuning.datasets.registry_store import (
    COMMAND_TAG,
    DATA_TAG,
    DIGEST_TAG,
    ORIGIN_TAG,
    RAW_FILE_TAG,
    STATUS_TAG,
)
from instruction_tuning.errors import RegistrationError
from instruction_tuning.hooks import model_registry
from instruction_tuning.hooks.candidate import CANDIDATE_DATASET
from instruction_tuning.hooks.data_versions import stored_path
from instruction_tuning.hooks.redaction import redact_text
from instruction_tuning.hooks.run_context import RunContext, mirrored
from instruction_tuning.hooks.tracked_run import MAX_PARAMETER_CHARACTERS, TrackedRun
from instruction_tuning.hooks.tracking_settings import ModelTracking
from instruction_tuning.incremental.reasons import flatten
from instruction_tuning.lm.model_folder import ModelFolder

logger = logging.getLogger(__name__)

MAX_REASON_CHARACTERS = 500
NOT_EVALUATED = "Not evaluated yet."


@dataclass
class TrainedModel:
    """One child run; it ends when the model and its companions have all been saved."""

    run: TrackedRun
    tracking: ModelTracking
    waiting_for: set[str]
    registered: model_registry.RegisteredVersion | None = None
    model_id: str | None = None
    held_metrics: dict[str, Any] = field(default_factory=dict)


class TrainedModels:
    """Opens, fills and ends the child runs."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._models: dict[str, TrainedModel] = {}
        self._unregistered: dict[str, str] = {}
        self._saved: set[str] = set()
        self._owner = {
            name: model
            for model, tracking in context.settings.models.items()
            for name in (model, tracking.metrics, tracking.training_log)
        }

    def __contains__(self, dataset: str) -> bool:
        """Whether `dataset` is a model, its metrics or its training log."""
        return dataset in self._owner

    def node_starts(self, node: Node) -> None:
        """The run opens with the node that trains, so that its duration is the training's.

        That is the first to make anything that belongs to the model: its loss curve comes before it.
        """
        for model in {self._owner[name]: None for name in node.outputs if name in self._owner}:
            if model not in self._models:
                with mirrored(f"the run of {model}"):
                    run = self._open(model).run
                    run.log_parameters(self._context.parameters(node.inputs))
                    for name in node.inputs:
                        if name in self._context.data:
                            run.log_input(self._context.data[name], context="training")

    def saved(self, name: str, data: Any) -> None:
        """Log a model, its metrics or its training log."""
        model = self._owner[name]
        if name == model:
            self._saved.add(model)
        try:
            trained = self._open(model)
        except Exception as error:
            if name == model:
                self._fail(model, error)
            raise
        try:
            if name == model:
                self._register(model, trained)
            elif name == trained.tracking.training_log:
                trained.run.log_steps(data)
            else:
                # Held until the model is registered, so that they can be tied to it.
                trained.held_metrics.update(data)
        finally:
            trained.waiting_for.discard(name)
            if not trained.waiting_for:
                self._end(model, "FINISHED")

    def registered(self, model: str) -> model_registry.RegisteredVersion | None:
        """The version that `model` got in this run."""
        return self._models[model].registered if model in self._models else None

    def is_new(self, model: str) -> bool:
        """Whether this run has made a version of `model`, or failed to register one."""
        return model in self._unregistered or (model in self._saved)

    def finish(self, status: str) -> None:
        """End what is still open; what belongs to a new model and was reused is logged as it is stored."""
        for model, trained in self._models.items():
            for name in sorted(trained.waiting_for - {model}):
                if status == "FINISHED" and model in self._saved:
                    with mirrored(name):
                        self.saved(name, self._context.catalog.load(name))
            if trained.waiting_for:
                self._end(model, status)

    def failed_registration(self) -> RegistrationError | None:
        """Which models the registry lacks, where they are, what to do; null where it has all of them."""
        if not self._unregistered:
            return None
        lacking = "; ".join(f"{model} ({reason})" for model, reason in self._unregistered.items())
        places = ", ".join(str(stored_path(self._context.catalog[model])) for model in self._unregistered)
        return RegistrationError(
            f"all is stored, and the registry lacks {lacking}",
            file=places,
            fix="mend MLflow's store and run the same command again: it registers, and trains nothing again",
        )

    def _open(self, model: str) -> TrainedModel:
        if model not in self._models:
            context = self._context
            tracking = context.settings.models[model]
            run = TrackedRun.start(
                context.client, context.experiment_id, model, context.tags, parent=context.parent.run_id
            )
            own = {model, tracking.metrics, tracking.training_log}
            self._models[model] = TrainedModel(run, tracking, own & context.pipeline.all_outputs())
        return self._models[model]

    def _end(self, model: str, status: str) -> None:
        trained = self._models[model]
        trained.waiting_for = set()
        with mirrored(f"the run of {model}"):
            measured_on = self._context.version_of(trained.tracking.measured_on or "")
            if model in self._unregistered:
                trained.run.set_tag("error", self._unregistered[model])
            trained.run.log_metrics(trained.held_metrics, model_id=trained.model_id, measured_on=measured_on)
            trained.run.end("FAILED" if status == "FINISHED" and model in self._unregistered else status)

    def _register(self, model: str, trained: TrainedModel) -> None:
        """Log and register the *published* folder: the node's own one is working state."""
        context, name = self._context, trained.tracking.registered_name
        folder = context.catalog[model].load()
        used = flatten(context.parameters(context.pipeline.to_outputs(model).inputs()))
        parameters = {key: str(value)[:MAX_PARAMETER_CHARACTERS] for key, value in used.items()}
        try:
            known = model_registry.find_version(context.client, name, folder.digest)
            if known is not None:
                # The same bytes once more, from a forced run or another way to the same model.
                trained.registered, trained.model_id = known, known.model_id
                logger.info("%s is version %s of %s already", model, known.version, name)
                if trained.tracking.card is not None:
                    model_registry.describe(context.client, known, self._card(trained.tracking))
                return
            trained.model_id = model_registry.log_model(
                context.client, context.experiment_id, trained.run.run_id, name, folder, parameters
            )
            trained.registered = model_registry.register(
                context.client,
                name,
                trained.model_id,
                trained.run.run_id,
                card=self._card(trained.tracking),
                tags=self._version_tags(model, folder),
            )
        except Exception as error:
            reason = self._fail(model, error)
            logger.error("could not register %s (%s); it is kept at %s", model, reason, folder.path)
            with mirrored("the failed registration"):
                context.parent.set_tag("registration", f"failed: {model}")
            return
        logger.info("registered %s version %s", name, trained.registered.version)

    def _card(self, tracking: ModelTracking) -> str:
        """What is known of a model by now; one that will be judged gets its card with the verdict."""
        return NOT_EVALUATED if tracking.card is None else str(self._context.catalog.load(tracking.card))

    def _fail(self, model: str, error: Exception) -> str:
        """The model is stored and not registered: its node has not done all that it should."""
        wait_no_longer_for_the_silent()
        reason = self._unregistered[model] = _reason(error)
        self._context.leave_unfinished(model, f"{model} is not in the registry")
        return reason

    def _version_tags(self, model: str, folder: ModelFolder) -> dict[str, str]:
        card = self._context.settings.models[model].card
        tags = {
            f"{DATA_TAG}{name}": str(version)
            for name, version in self._context.upstream(model).items()
            # Not its own loss curve, metrics and card, which are in its folder.
            if name == model or (self._owner.get(name) != model and name != card)
        }
        carried = {
            "command": COMMAND_TAG,
            "kedro.env": "kedro.env",
            "kedro.session": "kedro.session",
            "mlflow.source.git.commit": "git_commit",
        }
        tags |= {
            f"{RAW_FILE_TAG}{file}": sha256
            for version in self._context.upstream(model).values()
            for file, sha256 in version.files
        }
        tags |= {carried[key]: value for key, value in self._context.tags.items() if key in carried}
        if model == CANDIDATE_DATASET:  # only this one will ever be judged
            tags[STATUS_TAG] = model_registry.STATUS_PENDING
        return tags | self._origins(model) | {DIGEST_TAG: folder.digest}

    def _origins(self, model: str) -> dict[str, str]:
        """The registered versions of other models that `model` was made from."""
        context = self._context
        origins = {}
        for name, version in context.upstream(model).items():
            tracking = None if name == model else context.settings.models.get(name)
            if tracking is None:
                continue
            found = model_registry.find_version(context.client, tracking.registered_name, version.digest)
            if found is not None:
                origins[f"{ORIGIN_TAG}{name}"] = f"models:/{found.name}/{found.version}"
        return origins


def _reason(error: Exception) -> str:
    return redact_text(f"{type(error).__name__}: {error}")[:MAX_REASON_CHARACTERS]
