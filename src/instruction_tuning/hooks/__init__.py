"""What surrounds a run: checks before it, the microworld's teacher beside it, MLflow along it."""

from instruction_tuning.hooks.candidate import CandidateHooks
from instruction_tuning.hooks.data_lock import DataLockHooks
from instruction_tuning.hooks.global_settings import GlobalSettingsHooks
from instruction_tuning.hooks.incremental_plan import IncrementalPlanHooks
from instruction_tuning.hooks.mlflow_tracking import MlflowHooks
from instruction_tuning.hooks.parameter_names import ParameterNameHooks
from instruction_tuning.hooks.preflight import PreflightHooks
from instruction_tuning.hooks.teacher_server import TeacherServerHooks

PROJECT_HOOKS = (
    GlobalSettingsHooks(),
    ParameterNameHooks(),
    CandidateHooks(),
    PreflightHooks(),
    IncrementalPlanHooks(),
    # Behind the plan's, for pluggy calls the last of them first: the lock is held before the plan is made.
    DataLockHooks(),
    TeacherServerHooks(),
    MlflowHooks(),
)
